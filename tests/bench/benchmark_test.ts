import { assertEquals, assertThrows } from "@std/assert";
import { slopeOf } from "./slope.ts";
import { type Benchmark, median, quantile, summarize, type Target } from "./benchmark.ts";

function benchmark(target: Target): Benchmark {
  return {
    name: "test",
    summary: "Test",
    unit: "answers/s",
    target,
    measure: () => Promise.reject(new Error("not run")),
  };
}

Deno.test("median() is the middle value, or between the two in the middle", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertEquals(median([7]), 7);
  assertThrows(() => median([]), RangeError, "Cannot rank no values");
});

Deno.test("quantile() lies between its neighbours in proportion", () => {
  assertEquals(quantile([5, 1, 3, 2, 4], 0.25), 2);
  assertEquals(quantile([1, 2], 0.25), 1.25);
  assertEquals([quantile([1, 2, 3], 0), quantile([1, 2, 3], 1)], [1, 3]);
});

Deno.test("summarize() takes the ratio of each round, not of the medians", () => {
  const rounds = [{ bare: 100, ours: 90 }, { bare: 50, ours: 46 }, { bare: 10, ours: 9.4 }];
  const result = summarize(benchmark({ leastRatio: 0.9 }), { rounds, byCpu: rounds });
  assertEquals([result.bare, result.ours, result.ratio, result.cpuRatio], [50, 46, 0.92, 0.92]);
  assertEquals(result.ratioSpread.map((ratio) => ratio.toFixed(2)), ["0.91", "0.93"]);
  assertEquals(result.met, true);
});

Deno.test("summarize() holds a ratio or our own figure against the target", () => {
  const rounds = [{ bare: 10, ours: 12 }];
  assertEquals(summarize(benchmark({ leastRatio: 1.3 }), { rounds }).met, false);
  assertEquals(summarize(benchmark({ most: 12 }), { rounds }).met, true);
  assertEquals(summarize(benchmark({ most: 11.9 }), { rounds }).met, false);
});

Deno.test("slopeOf() is that of a line, and single peaks do not bend it", () => {
  assertEquals(slopeOf([1, 3, 5, 7]), 2);
  assertEquals(slopeOf([4, 4, 90, 4, 4, 4]), 0);
  assertEquals([slopeOf([]), slopeOf([3])], [0, 0]);
});
