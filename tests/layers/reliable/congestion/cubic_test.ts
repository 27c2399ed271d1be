import { assert, assertEquals } from "@std/assert";
import { Cubic } from "../../../../layers/reliable/congestion/cubic.ts";
import type { ControlledPacket } from "../../../../layers/reliable/congestion/congestion_control.ts";

function sentAt(sentAtMs: number): ControlledPacket {
  return { sentAtMs, bytes: 1200, delivery: undefined };
}

/** A datagram is acknowledged while the window is what limits. */
function acknowledge(window: Cubic, sentAtMs: number, nowMs: number): void {
  window.begin(window.windowBytes);
  window.acknowledged(sentAt(sentAtMs), nowMs, 50);
}

Deno.test("a window grows, and shrinks less when no queue stands", () => {
  const withoutQueue = new Cubic(1200);
  const withQueue = new Cubic(1200);
  for (const [window, queuedMs] of [[withoutQueue, 0], [withQueue, 60]] as const) {
    for (let number = 0; number < 200; number++) {
      window.measured(number < 100 ? 50 : 50 + queuedMs, number, number + 10);
      if (number < 20) acknowledge(window, number + 1, number + 51);
    }
    assert(window.windowBytes > 30_000);
    const before = window.windowBytes;
    window.lost(sentAt(300), 400);
    // One reduction for all that was sent before it.
    window.lost(sentAt(350), 401);
    assertEquals(Math.round(100 * window.windowBytes / before), queuedMs === 0 ? 85 : 70);
  }
  withQueue.collapse(sentAt(450), 500);
  assertEquals(withQueue.windowBytes, 2400);
});

Deno.test("a window that is not used does not grow", () => {
  const window = new Cubic(1200);
  const before = window.windowBytes;
  for (let number = 0; number < 100; number++) {
    window.begin(0);
    window.acknowledged(sentAt(number + 1), number + 51, 50);
  }
  assertEquals(window.windowBytes, before);
});

Deno.test("CUBIC comes back to where the loss was, and goes beyond", () => {
  const window = new Cubic(1200);
  for (let number = 0; number < 100; number++) acknowledge(window, number + 1, 50);
  const before = window.windowBytes;
  window.lost(sentAt(150), 200);
  let nowMs = 200;
  let backAfterMs: number | undefined;
  for (; nowMs < 20_000; nowMs += 50) {
    const datagrams = Math.floor(window.windowBytes / 1200);
    for (let count = 0; count < datagrams; count++) {
      acknowledge(window, nowMs - 50 + 1, nowMs);
    }
    if (window.windowBytes >= before) backAfterMs ??= nowMs - 200;
  }
  assert(backAfterMs !== undefined && backAfterMs > 300 && backAfterMs < 5000, `${backAfterMs}`);
  assert(window.windowBytes > 1.5 * before);
});

Deno.test("a reduction is taken back when all the losses that it answered arrived after all", () => {
  const window = new Cubic(1200);
  for (let number = 0; number < 20; number++) acknowledge(window, number + 1, number + 51);
  const before = window.windowBytes;
  for (const sentAtMs of [60, 61]) window.lost(sentAt(sentAtMs), 100);
  const reduced = window.windowBytes;
  assert(reduced < before);
  window.mistaken(sentAt(60));
  assertEquals(window.windowBytes, reduced);
  window.mistaken(sentAt(61));
  assertEquals(window.windowBytes, before);
  // It has been taken back already.
  window.mistaken(sentAt(61));
  assertEquals(window.windowBytes, before);
});
