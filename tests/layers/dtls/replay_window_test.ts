import { assert, assertEquals } from "@std/assert";
import { REPLAY_WINDOW_RECORDS, ReplayWindow } from "../../../layers/dtls/replay_window.ts";
import { newSeed, seeded } from "../../seeded.ts";

Deno.test("each number is new once, in whatever order, for as long as the window is", () => {
  const window = new ReplayWindow();
  for (const sequence of [0, 3, 1, 130, 2 ** 47]) {
    assert(!window.has(sequence), `${sequence} is new`);
    window.add(sequence);
    assert(window.has(sequence), `${sequence} is not new any more`);
  }
  assert(window.has(131), "too old to tell");
  assert(!window.has(2 ** 47 - REPLAY_WINDOW_RECORDS + 1));
  assert(window.has(2 ** 47 - REPLAY_WINDOW_RECORDS));
});

Deno.test("the window agrees with a list of all numbers that were there", () => {
  const random = seeded(newSeed());
  const window = new ReplayWindow();
  const seen = new Set<number>();
  let top = -1;
  for (let count = 0; count < 20_000; count++) {
    const sequence = Math.max(0, top + Math.floor(random() * 300) - 200);
    const old = top - sequence >= REPLAY_WINDOW_RECORDS;
    assertEquals(window.has(sequence), old || seen.has(sequence), `${sequence} below ${top}`);
    if (old) continue;
    window.add(sequence);
    seen.add(sequence);
    top = Math.max(top, sequence);
  }
});
