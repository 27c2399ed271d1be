import { assert } from "@std/assert";
import { Pacing } from "../../../../layers/reliable/congestion/pacing.ts";

Deno.test("Pacing spreads datagrams evenly at its rate", () => {
  const pacing = new Pacing(1000);
  let nowMs = 0;
  let sent = 0;
  while (nowMs < 1000) {
    const waitMs = pacing.waitMs(nowMs, 125);
    if (waitMs === 0) {
      pacing.sent(1000);
      sent++;
    } else nowMs += waitMs;
  }
  // One in 8 ms, and the burst at the start.
  assert(sent >= 122 && sent <= 131, `${sent}`);
});

Deno.test("a wait of Pacing is never too short for a clock to pass", () => {
  const pacing = new Pacing(1200);
  let nowMs = 86_400_000;
  for (let count = 0; count < 100_000; count++) {
    const waitMs = pacing.waitMs(nowMs, 1e3 / 3);
    if (waitMs === 0) pacing.sent(1200);
    else {
      assert(nowMs + waitMs > nowMs, `${waitMs} ms at ${nowMs} ms`);
      nowMs += waitMs;
    }
  }
});
