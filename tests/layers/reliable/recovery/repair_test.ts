/** What is taken for lost, and how soon it is repaired. */

import { assert, assertEquals } from "@std/assert";
import { controlNames } from "../../../../layers/reliable/congestion/control_names.ts";
import { seeded } from "../../../seeded.ts";
import { AssociationPair, messageOf, type Weather } from "../association_pair.ts";

const MESSAGES = 500;
const MESSAGE_BYTES = 6000;
/** About how many datagrams that takes. */
const DATAGRAMS = MESSAGES * MESSAGE_BYTES / 1150;

/** Sends until all has arrived; how many datagrams were sent again, and how long it took. */
async function transfer(
  control: (typeof controlNames)[number],
  weather: Weather,
): Promise<{ retransmitted: number; ms: number }> {
  const terms = { maxMessageBytes: 1 << 20, windowBytes: 1 << 20 };
  const options = { control, terms, sendBufferBytes: 1 << 20 };
  const pair = new AssociationPair(seeded(1), weather, options);
  const { left, right } = pair;
  let isDone = false;
  const sending = (async () => {
    for (let number = 0; number < MESSAGES; number++) {
      await left.association.send(messageOf(number, MESSAGE_BYTES));
    }
    await left.association.end();
  })().finally(() => isDone = true);
  await pair.run(60_000, () => right.finished);
  const ms = pair.clock.elapsedMs();
  await pair.run(60_000, () => isDone);
  await sending;
  assertEquals(right.messages.length, MESSAGES);
  const { retransmitted } = left.association.delivery;
  left.association.dispose();
  right.association.dispose();
  return { retransmitted, ms };
}

for (const control of controlNames) {
  Deno.test(`a path that reorders makes ${control} send hardly anything again`, async () => {
    const straight = await transfer(control, { delayMs: 12 });
    const paths: Weather[] = [
      { delayMs: 10, jitterMs: 4 },
      { delayMs: 10, jitterMs: 20, jittered: 0.05 },
      { delayMs: 10, jitterMs: 20 },
    ];
    for (const path of paths) {
      const { retransmitted, ms } = await transfer(control, path);
      const what = `${JSON.stringify(path)}: ${retransmitted} again, ${ms} ms`;
      assert(retransmitted < 0.01 * DATAGRAMS, what);
      assert(ms < 12 * straight.ms, `${what}; straight ${straight.ms} ms`);
    }
  });
}

/** Loses the last `count` datagrams of a message of eight, all of it once. Returns after how long the
 * message has arrived, counted from when it was sent. */
async function repairTail(roundTripMs: number, count: number): Promise<number> {
  const pair = new AssociationPair(seeded(1), { delayMs: roundTripMs / 2 });
  const { left, right } = pair;
  await left.association.send(messageOf(0, 500));
  await pair.run(500);
  const before = pair.sent;
  pair.loses = () => pair.sent - before > 8 - count && pair.sent - before <= 8;
  await left.association.send(messageOf(1, 8 * 1150));
  await pair.run(60_000, () => right.messages.length === 2);
  const ms = pair.clock.elapsedMs() - 500;
  left.association.dispose();
  right.association.dispose();
  return ms;
}

Deno.test("a lost tail is repaired by a probe two round trips after it", async () => {
  // Half a round trip for what the probe carries, and a whole one more for what it makes known.
  for (const [count, roundTrips] of [[1, 2.9], [2, 2.9], [5, 4.1]] as const) {
    const ms = await repairTail(100, count);
    assert(ms < 100 * roundTrips, `${ms} ms for ${count}`);
  }
});

Deno.test("the probe of a short path comes before the least timeout", async () => {
  const ms = await repairTail(2, 2);
  assert(ms < 25, `${ms} ms`);
});
