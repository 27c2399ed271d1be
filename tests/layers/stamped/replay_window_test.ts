import { assertEquals } from "@std/assert";
import { ReplayWindow, WINDOW } from "../../../layers/stamped/replay_window.ts";
import { newSeed, seeded } from "../../seeded.ts";

Deno.test("a replay window agrees with a set of all that was there, over long jumps too", () => {
  const random = seeded(newSeed());
  const window = new ReplayWindow();
  const seen = new Set<number>();
  let top = -1;
  for (let step = 0; step < 50_000; step++) {
    const far = random() < 0.01 ? 3 * WINDOW : 40;
    const counter = Math.max(0, top + Math.floor(random() * far) - (random() < 0.2 ? WINDOW : 20));
    const expected = seen.has(counter) || counter <= top - WINDOW;
    assertEquals(window.has(counter), expected, `${counter} after ${top}`);
    if (expected) continue;
    window.add(counter);
    seen.add(counter);
    top = Math.max(top, counter);
  }
});

Deno.test("a replay window works up to the largest counter", () => {
  const window = new ReplayWindow();
  const last = 2 ** 48 - 1;
  window.add(last - 5);
  window.add(last);
  assertEquals([last, last - 5, last - 4].map((counter) => window.has(counter)), [
    true,
    true,
    false,
  ]);
});
