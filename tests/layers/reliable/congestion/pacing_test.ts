import { assert } from "@std/assert";
import { Pacing } from "../../../../layers/reliable/congestion/pacing.ts";

Deno.test("Pacing spreads a window over its round trip", () => {
  const pacing = new Pacing(1000);
  let nowMs = 0;
  let sent = 0;
  while (nowMs < 1000) {
    const waitMs = pacing.waitMs(nowMs, 10_000, 100);
    if (waitMs === 0) {
      pacing.sent(1000);
      sent++;
    } else nowMs += waitMs;
  }
  // 1.25 windows of ten in each of ten round trips, and the burst at the start.
  assert(sent >= 122 && sent <= 131, `${sent}`);
});
