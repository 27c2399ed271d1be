import { assert, assertEquals } from "@std/assert";
import { DEFAULT_WINDOW, ReplayWindow } from "../../../layers/peers/replay_window.ts";
import { newSeed, seeded } from "../../seeded.ts";

for (const size of [128, DEFAULT_WINDOW]) {
  Deno.test(`a window of ${size} agrees with a set of all that was there, over long jumps too`, () => {
    const random = seeded(newSeed());
    const window = new ReplayWindow(size);
    const seen = new Set<number>();
    let top = -1;
    for (let step = 0; step < 50_000; step++) {
      const far = random() < 0.01 ? 3 * size : 40;
      const back = random() < 0.2 ? size : 20;
      const counter = Math.max(0, top + Math.floor(random() * far) - back);
      const expected = seen.has(counter) || counter <= top - size;
      assertEquals(window.has(counter), expected, `${counter} after ${top}`);
      if (expected) continue;
      window.add(counter);
      seen.add(counter);
      top = Math.max(top, counter);
    }
  });
}

Deno.test("each counter is new once, in whatever order, for as long as the window is", () => {
  const window = new ReplayWindow(128);
  for (const counter of [0, 3, 1, 130, 2 ** 47]) {
    assert(!window.has(counter), `${counter} is new`);
    window.add(counter);
    assert(window.has(counter), `${counter} is not new any more`);
  }
  assert(window.has(131), "too old to tell");
  assert(!window.has(2 ** 47 - 127));
  assert(window.has(2 ** 47 - 128));
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
