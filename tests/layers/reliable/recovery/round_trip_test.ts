import { assert, assertEquals } from "@std/assert";
import { RoundTrip } from "../../../../layers/reliable/recovery/round_trip.ts";

Deno.test("RoundTrip follows RFC 6298", () => {
  const trip = new RoundTrip();
  assertEquals([trip.smoothedMs, trip.timeoutMs], [undefined, 500]);
  trip.measured(100, 0);
  assertEquals([trip.smoothedMs, trip.timeoutMs], [100, 100 + 4 * 50 + 5]);
  trip.measured(200, 0);
  assertEquals([trip.smoothedMs, trip.minMs], [112.5, 100]);
  // A peer cannot make the round trip shorter than it ever was.
  trip.measured(100, 1000);
  assert(trip.smoothedMs! > 100);
});

Deno.test("a probe comes after two round trips, or sooner when the timeout is", () => {
  const trip = new RoundTrip();
  assertEquals(trip.probeMs, 500);
  trip.measured(100, 0);
  assertEquals([trip.probeMs, trip.timeoutMs], [205, 305]);
  for (let sample = 0; sample < 100; sample++) trip.measured(100, 0);
  assertEquals([trip.probeMs, trip.timeoutMs], [110, 110]);
  const short = new RoundTrip();
  short.measured(1, 0);
  assertEquals([short.probeMs, short.timeoutMs], [10, 30]);
});
