import { assert, assertEquals } from "@std/assert";
import { RangeSet } from "../../../../layers/reliable/stream/range_set.ts";
import { seeded } from "../../../seeded.ts";

Deno.test("RangeSet is a set of numbers", () => {
  const random = seeded(1);
  for (let round = 0; round < 200; round++) {
    const ranges = new RangeSet();
    const model = new Set<number>();
    for (let step = 0; step < 50; step++) {
      const start = Math.floor(random() * 60);
      const end = start + Math.floor(random() * 12);
      const adds = random() < 0.6;
      if (adds) ranges.add(start, end);
      else ranges.remove(start, end);
      for (let number = start; number < end; number++) {
        if (adds) model.add(number);
        else model.delete(number);
      }
      for (let number = 0; number < 75; number++) {
        assertEquals(ranges.has(number), model.has(number), `${ranges.bounds} ${number}`);
      }
      const { bounds } = ranges;
      assert(bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!));
    }
  }
});
