import { assertEquals } from "@std/assert";
import { DURATION_BOUNDS_SECONDS, Durations } from "../../core/durations.ts";

Deno.test("a duration is counted in the class whose bound it does not exceed", () => {
  const durations = new Durations();
  for (const ms of [0, 1, 1.5, 5, 999, 1000, 28_800_001, 1e12]) durations.add(ms);
  const counted = Object.fromEntries(
    durations.counts.map((count, at) => [DURATION_BOUNDS_SECONDS[at] ?? Infinity, count] as const)
      .filter(([, count]) => count > 0),
  );
  assertEquals(counted, { 0.001: 2, 0.005: 2, 1: 2, Infinity: 2 });
  assertEquals(Math.round(durations.sumSeconds), 1_000_028_802);
});
