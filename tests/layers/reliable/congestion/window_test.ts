import { assert, assertEquals } from "@std/assert";
import { CongestionWindow } from "../../../../layers/reliable/congestion/window.ts";

Deno.test("a window grows, and shrinks less when no queue stands", () => {
  const withoutQueue = new CongestionWindow(1200);
  const withQueue = new CongestionWindow(1200);
  for (const [window, queuedMs] of [[withoutQueue, 0], [withQueue, 60]] as const) {
    for (let number = 0; number < 200; number++) {
      window.measured(number < 100 ? 50 : 50 + queuedMs, number, number + 10);
      if (number < 20) window.acknowledged(1200, number + 1, number + 51, true, 50);
    }
    assert(window.windowBytes > 30_000);
    const before = window.windowBytes;
    window.lost(300, 400);
    // One reduction for all that was sent before it.
    window.lost(350, 401);
    assertEquals(Math.round(100 * window.windowBytes / before), queuedMs === 0 ? 85 : 70);
  }
  withQueue.collapse(500);
  assertEquals(withQueue.windowBytes, 2400);
});

Deno.test("a window that is not used does not grow", () => {
  const window = new CongestionWindow(1200);
  const before = window.windowBytes;
  for (let number = 0; number < 100; number++) {
    window.acknowledged(1200, number + 1, number + 51, false, 50);
  }
  assertEquals(window.windowBytes, before);
});

Deno.test("CUBIC comes back to where the loss was, and goes beyond", () => {
  const window = new CongestionWindow(1200);
  for (let number = 0; number < 100; number++) window.acknowledged(1200, number + 1, 50, true, 50);
  const before = window.windowBytes;
  window.lost(150, 200);
  let nowMs = 200;
  let backAfterMs: number | undefined;
  for (; nowMs < 20_000; nowMs += 50) {
    const datagrams = Math.floor(window.windowBytes / 1200);
    for (let count = 0; count < datagrams; count++) {
      window.acknowledged(1200, nowMs - 50 + 1, nowMs, true, 50);
    }
    if (window.windowBytes >= before) backAfterMs ??= nowMs - 200;
  }
  assert(backAfterMs !== undefined && backAfterMs > 300 && backAfterMs < 5000, `${backAfterMs}`);
  assert(window.windowBytes > 1.5 * before);
});
