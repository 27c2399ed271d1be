import { assertEquals } from "@std/assert";
import { AckRanges } from "../../../../layers/reliable/recovery/ack_ranges.ts";

Deno.test("AckRanges has bounded room, and takes nothing twice", () => {
  const ranges = new AckRanges();
  for (let number = 1; number < 4000; number += 2) {
    if (ranges.takes(number)) ranges.add(number);
  }
  assertEquals([ranges.cumulative, ranges.ranges.length], [0, 1024]);
  assertEquals([ranges.takes(1), ranges.takes(3999), ranges.takes(0)], [false, false, true]);
  ranges.forgetBelow(100);
  assertEquals(ranges.cumulative, 100);
  assertEquals([ranges.takes(98), ranges.takes(100)], [false, true]);
  ranges.add(100);
  assertEquals(ranges.cumulative, 102);
});
