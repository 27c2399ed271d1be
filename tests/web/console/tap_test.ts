/** The tap of events: what is kept, what is counted, and what is found. */

import { assert, assertEquals } from "@std/assert";
import { createTap, eventOf } from "../../../web/console/page/tap.js";

interface Kept {
  readonly number: number;
  readonly json: string;
}

type Hear = (blocks: readonly string[]) => void;

const block = (id: number, text = "") =>
  `id: ${id}\nevent: received\ndata: ${JSON.stringify({ id, event: "received", text })}`;

/** A tap, what lets it hear, and what resolves when it has something to draw. */
function openTap() {
  let hear: Hear = () => {};
  let drawn = Promise.withResolvers<void>();
  const queries: string[] = [];
  const api = {
    listen(query: string, heard: Hear, signal: AbortSignal) {
      queries.push(query);
      hear = heard;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  const tap = createTap(api, () => {
    drawn.resolve();
    drawn = Promise.withResolvers();
  });
  const pass = async (blocks: readonly string[]) => {
    const drawing = drawn.promise;
    hear(blocks);
    await drawing;
  };
  return { tap, queries, pass };
}

const idsOf = (events: readonly Kept[]) => events.map((one) => eventOf(one).id as number);

Deno.test("what was left out and what was missed is counted besides what came", async () => {
  const { tap, pass } = openTap();
  const stop = tap.open("");
  await pass([
    ...[1, 2, 3].map((id) => block(id)),
    'event: left-out\ndata: {"leftOut":20}',
    'event: missed\ndata: {"missed":7}',
    'event: left-out\ndata: {"leftOut":5}',
  ]);
  assertEquals([tap.events.length, tap.leftOut, tap.missed, tap.seen], [3, 25, 7, 35]);
  stop();
});

Deno.test("the newest 10,000 events are kept, and of long ones fewer", async () => {
  const { tap, pass } = openTap();
  const stop = tap.open("");
  await pass(Array.from({ length: 10_400 }, (_, at) => block(at)));
  assertEquals([tap.seen, tap.events.length, tap.found.length], [10_400, 10_000, 10_000]);
  assertEquals(eventOf(tap.events[0]).id, 400);
  await pass(Array.from({ length: 1000 }, (_, at) => block(at, "x".repeat(64_000))));
  assert(tap.events.length < 251, `${tap.events.length} are kept`);
  assertEquals(eventOf(tap.events.at(-1)).id, 999);
  assertEquals(tap.found, tap.events);
  stop();
});

Deno.test("a search finds what is kept and what comes, without regard to case", async () => {
  const { tap, pass } = openTap();
  const stop = tap.open("");
  await pass([block(1, "One needle"), block(2, "hay")]);
  tap.search("NEEDLE");
  assertEquals(idsOf(tap.found), [1]);
  await pass([block(3, "hay"), block(4, "needles")]);
  assertEquals(idsOf(tap.found), [1, 4]);
  await pass(Array.from({ length: 9998 }, (_, at) => block(at + 5)));
  assertEquals(idsOf(tap.found), [4]);
  tap.search("");
  assertEquals(tap.found.length, 10_000);
  stop();
});

Deno.test("another query begins with what is remembered, the same one goes on", async () => {
  const { tap, queries, pass } = openTap();
  tap.open("server=1")();
  const stop = tap.open("server=2");
  await pass([block(7), block(8)]);
  stop();
  const again = tap.open("server=2");
  assertEquals(tap.events.length, 2);
  again();
  tap.open("")();
  assertEquals(tap.events.length, 0);
  assertEquals(queries, [
    "server=1&after=0&rate=1000",
    "server=2&after=0&rate=1000",
    "server=2&after=8&rate=1000",
    "after=0&rate=1000",
  ]);
});
