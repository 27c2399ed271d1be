/** The tap of events: what comes too fast is sampled, and counted. */

import { assert, assertEquals } from "@std/assert";
import { createTap } from "../../../web/console/page/tap.js";

interface Kept {
  readonly event: { readonly id: number };
}

type Hear = (blocks: readonly string[]) => void;

const block = (id: number) =>
  `id: ${id}\nevent: received\ndata: ${JSON.stringify({ id, event: "received" })}`;

/** A tap, what lets it hear, and what resolves when it has something to draw. */
function openTap() {
  let hear: Hear = () => {};
  let drawn = Promise.withResolvers<void>();
  const api = {
    listen(_query: string, heard: Hear, signal: AbortSignal) {
      hear = heard;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  const tap = createTap(api, () => {
    drawn.resolve();
    drawn = Promise.withResolvers();
  });
  return { tap, hear: (blocks: readonly string[]) => hear(blocks), drawing: () => drawn.promise };
}

Deno.test("a flood of events is sampled evenly, and the others are counted", async () => {
  const { tap, hear, drawing } = openTap();
  const stop = tap.open("");
  const drawn = drawing();
  hear(Array.from({ length: 10_000 }, (_, id) => block(id)));
  hear(['event: missed\ndata: {"missed":7}']);
  await drawn;
  assertEquals(tap.seen, 10_000);
  assertEquals(tap.events.length + tap.sampled, 10_000);
  assertEquals(tap.missed, 7);
  assert(tap.events.length <= 401, `${tap.events.length} are kept`);
  const ids = (tap.events as readonly Kept[]).map(({ event }) => event.id);
  assert(ids.every((id, at) => Math.abs(id - at * 25) <= 25), `${ids}`);
  stop();
});

Deno.test("every event of a quiet server is kept, up to 10,000", async () => {
  const { tap, hear, drawing } = openTap();
  const stop = tap.open("");
  for (let round = 0; round < 26; round++) {
    const drawn = drawing();
    hear(Array.from({ length: 400 }, (_, at) => block(round * 400 + at)));
    await drawn;
  }
  assertEquals(tap.sampled, 0);
  assertEquals(tap.seen, 10_400);
  assertEquals(tap.events.length, 10_000);
  assertEquals((tap.events as readonly Kept[])[0]?.event.id, 400);
  stop();
});
