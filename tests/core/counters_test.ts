import { assertEquals } from "@std/assert";
import { createCounters, sumStats } from "../../core/counters.ts";

Deno.test("counters begin at zero, each server with its own", () => {
  const [one, other] = [createCounters(), createCounters()];
  assertEquals(new Set(Object.values(one)), new Set([0]));
  one.opened++;
  assertEquals(other.opened, 0);
});

Deno.test("sumStats() adds every counter up and leaves its arguments alone", () => {
  const [one, other] = [createCounters(), createCounters()];
  for (const name of Object.keys(one) as (keyof typeof one)[]) {
    one[name] = 1;
    other[name] = 2;
  }
  assertEquals(new Set(Object.values(sumStats([one, other]))), new Set([3]));
  assertEquals([one.opened, other.opened], [1, 2]);
  assertEquals(sumStats([]), createCounters());
});
