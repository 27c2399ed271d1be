/** How large datagrams are, on a clock that the test moves: they grow to what the path takes. */

import { assert, assertEquals } from "@std/assert";
import type { ControlName } from "../../../../layers/reliable/congestion/control_names.ts";
import { DatagramSize } from "../../../../layers/reliable/path/datagram_size.ts";
import { seeded } from "../../../seeded.ts";
import { AssociationPair, messageOf, type Weather } from "../association_pair.ts";

const LARGEST = 32_256;

function pairOver(
  weather: Weather,
  control: ControlName = "cubic",
  largestDatagramBytes: number = LARGEST,
): AssociationPair {
  const pair = new AssociationPair(seeded(1), { delayMs: 5, ...weather }, {
    largestDatagramBytes,
    terms: { maxMessageBytes: 1 << 20, windowBytes: 1 << 20 },
    sendBufferBytes: 1 << 20,
    control,
  });
  pair.left.record = [];
  return pair;
}

/** Sends this much, and returns the lengths of the datagrams for it. */
async function transfer(pair: AssociationPair, messages: number): Promise<number[]> {
  const { left, right } = pair;
  const before = right.messages.length;
  const from = left.record!.length;
  const sending = (async () => {
    for (let count = 0; count < messages; count++) {
      await left.association.send(messageOf(count, 100_000));
    }
  })();
  await pair.run(
    pair.clock.elapsedMs() + 60_000,
    () => right.messages.length === before + messages,
  );
  await sending;
  assertEquals(right.messages.length, before + messages);
  return left.record!.slice(from).map(({ length }) => length);
}

/** The largest but probes, of which at most three have one length. */
function largestOf(lengths: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  return Math.max(...lengths.filter((length) => counts.get(length)! > 3));
}

for (const control of ["cubic", "bbr"] as const) {
  Deno.test(`datagrams grow at once to the largest size where the path takes it, with ${control}`, async () => {
    const pair = pairOver({}, control);
    const lengths = await transfer(pair, 20);
    assertEquals(largestOf(lengths), LARGEST);
    // One probe, and what was sent before its acknowledgement.
    assert(lengths.filter((length) => length <= 1200).length < 40, `${lengths}`);
    assertEquals(pair.left.association.delivery.retransmitted, 0);
  });

  Deno.test(`a path that drops what is above a size is used up to that, with ${control}`, async () => {
    for (const maxBytes of [1200, 1300, 1472, 9000, 31_000]) {
      const pair = pairOver({ maxBytes }, control);
      await transfer(pair, 120);
      const lengths = await transfer(pair, 20);
      const [least, most] = [maxBytes - Math.max(16, maxBytes / 64), maxBytes];
      const largest = largestOf(lengths);
      assert(largest > least && largest <= most, `${largest} where ${maxBytes} goes through`);
      // Probes that are lost are no sign of congestion, and nothing is sent again for them.
      assertEquals(pair.left.association.delivery.retransmitted, 0);
    }
  });

  Deno.test(`a limit that falls in mid-transfer is found, and one that rises too, with ${control}`, async () => {
    const pair = pairOver({}, control);
    assertEquals(largestOf(await transfer(pair, 20)), LARGEST);
    pair.weather = { delayMs: 5, maxBytes: 1400 };
    const fallMs = pair.clock.elapsedMs();
    await transfer(pair, 120);
    assert(pair.clock.elapsedMs() - fallMs < 20_000, `${pair.clock.elapsedMs() - fallMs}`);
    const lengths = await transfer(pair, 20);
    assert(largestOf(lengths) > 1380 && largestOf(lengths) <= 1400, `${lengths}`);
    pair.weather = { delayMs: 5 };
    assert(largestOf(await transfer(pair, 20)) <= 1400);
    await pair.run(pair.clock.elapsedMs() + 600_000);
    await transfer(pair, 20);
    assertEquals(largestOf(await transfer(pair, 20)), LARGEST);
  });
}

Deno.test("what the system refuses for its length is an answer, without waiting for three losses", async () => {
  const pair = pairOver({ refusesAboveBytes: 9216 });
  await transfer(pair, 60);
  const sizes = new Set(pair.left.record!.map(({ length }) => length));
  const refused = [...sizes].filter((length) => length > 9216);
  for (const size of refused) {
    assertEquals(pair.left.record!.filter(({ length }) => length === size).length, 1);
  }
  const largest = largestOf(await transfer(pair, 20));
  assert(largest > 9216 - 9216 / 64 && largest <= 9216, `${largest}`);
  // The same in mid-transfer.
  pair.weather = { delayMs: 5, refusesAboveBytes: 4000 };
  await transfer(pair, 60);
  const later = largestOf(await transfer(pair, 20));
  assert(later > 4000 - 4000 / 64 && later <= 4000, `${later}`);
});

Deno.test("nothing is probed for while there is little to send", async () => {
  const pair = pairOver({});
  for (let count = 0; count < 20; count++) {
    await pair.left.association.send(messageOf(count, 500));
    await pair.run(pair.clock.elapsedMs() + 1000, () => pair.right.messages.length > count);
  }
  assert(largestOf(pair.left.record!.map(({ length }) => length)) < 1200);
});

Deno.test("losses by chance do not make datagrams small", async () => {
  const pair = pairOver({ loss: 0.05 });
  await transfer(pair, 60);
  const lengths = await transfer(pair, 60);
  // Of the two datagrams that leave after a timeout one is small.
  const small = lengths.filter((length) => length > 1000 && length <= 1200).length;
  assert(small < lengths.length / 10, `${small} of ${lengths.length}`);
});

Deno.test("probes that are lost cost little time", async () => {
  const timeMs = async (largestDatagramBytes: number) => {
    const pair = pairOver({ maxBytes: 1200 }, "cubic", largestDatagramBytes);
    await transfer(pair, 60);
    return pair.clock.elapsedMs();
  };
  const [searched, fixed] = [await timeMs(LARGEST), await timeMs(1200)];
  assert(searched <= 1.5 * fixed, `${searched} ms with the search, ${fixed} ms without`);
});

Deno.test("large datagrams that are lost without small ones getting through are no black hole", () => {
  const size = new DatagramSize(1200, 1472);
  size.probed();
  assert(size.arrived({ number: 0, bytes: 1472, isSizeProbe: true }, 0));
  const lose = (number: number) => size.lost({ number, bytes: 1472, isSizeProbe: false }, 0);
  for (let number = 1; number < 20; number++) assert(!lose(number));
  // A large one arrives after them, then a small one.
  size.arrived({ number: 20, bytes: 1472, isSizeProbe: false }, 0);
  size.arrived({ number: 30, bytes: 100, isSizeProbe: false }, 0);
  for (let number = 10; number < 20; number++) assert(!lose(number));
  assertEquals([21, 22, 23, 24].map(lose), [false, false, false, true]);
  assertEquals(size.bytes, 1200);
});

Deno.test("a size that was set is kept", () => {
  const size = new DatagramSize(600, 600);
  assertEquals([size.bytes, size.probeBytes(0)], [600, undefined]);
});
