import { assertEquals } from "@std/assert";
import { Reordering } from "../../../../layers/reliable/recovery/reordering.ts";

Deno.test("the window grows once a round trip by what was taken for lost and arrived", () => {
  const reordering = new Reordering();
  assertEquals(reordering.windowMs(100, 200), 25);
  reordering.mistaken(5, 20);
  assertEquals([reordering.wasSeen, reordering.windowMs(100, 200)], [true, 50]);
  // Sent before the window grew.
  reordering.mistaken(19, 30);
  assertEquals(reordering.windowMs(100, 200), 50);
  reordering.mistaken(20, 40);
  assertEquals([reordering.windowMs(100, 200), reordering.windowMs(100, 60)], [75, 60]);
});

Deno.test("a grown window holds for sixteen recoveries", () => {
  const reordering = new Reordering();
  reordering.mistaken(0, 10);
  for (let recovery = 0; recovery < 15; recovery++) {
    reordering.lost(100 * recovery, 100 * recovery + 50);
    // Of the same recovery.
    reordering.lost(100 * recovery + 20, 100 * recovery + 60);
  }
  assertEquals(reordering.windowMs(100, 200), 50);
  reordering.lost(2000, 2100);
  assertEquals(reordering.windowMs(100, 200), 25);
});
