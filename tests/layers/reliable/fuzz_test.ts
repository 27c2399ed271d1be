import { assert, assertEquals } from "@std/assert";
import { sealCrc } from "../../../layers/reliable/wire/prefix.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { AssociationPair, messageOf } from "./association_pair.ts";

/** Datagrams of a session in which both sides talk. */
async function recorded(): Promise<{ left: Uint8Array[]; right: Uint8Array[] }> {
  const pair = new AssociationPair(seeded(1), { loss: 0.1, jitterMs: 30 });
  pair.left.record = [];
  pair.right.record = [];
  for (let number = 0; number < 30; number++) {
    await pair.left.association.send(messageOf(number, 500 + 40 * number));
    await pair.right.association.send(messageOf(number, 300));
    await pair.run(pair.clock.elapsedMs() + 10);
  }
  void pair.left.association.end();
  void pair.right.association.end();
  await pair.run(20_000);
  return { left: pair.left.record, right: pair.right.record };
}

function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = random() < 0.2 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes.slice();
  for (let change = Math.floor(random() * 4); change >= 0 && copy.length > 0; change--) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  }
  // By chance nothing may have changed.
  const isSame = copy.length === bytes.length && copy.every((byte, at) => byte === bytes[at]);
  return isSame ? mutated(bytes, random) : copy;
}

Deno.test("20,000 mutated datagrams deliver nothing altered and end nothing", async () => {
  const random = seeded(newSeed());
  const { right } = await recorded();
  const pair = new AssociationPair(random);
  for (let fed = 0; fed < 20_000; fed++) {
    pair.deliver(pair.left, mutated(right[Math.floor(random() * right.length)]!, random));
  }
  // A checksum of 32 bits passes one of four billion.
  assertEquals(pair.left.messages.length, 0);
  assertEquals(pair.left.end, undefined);
  assertEquals(pair.left.counters.malformed, 20_000);
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("20,000 mutated datagrams with a good checksum neither crash nor hang nor fill memory", async () => {
  const random = seeded(newSeed());
  const { right } = await recorded();
  let pair = new AssociationPair(random, {}, { idleMs: 60_000 });
  for (let fed = 0; fed < 20_000; fed++) {
    const bytes = mutated(right[Math.floor(random() * right.length)]!, random);
    if (bytes.length >= 14) {
      bytes[0] = 1;
      bytes[1] = 5;
      bytes.set([0, 0, 0, 1, 0, 0, 0, 2], 6);
      sealCrc(bytes, bytes.length);
    }
    pair.deliver(pair.left, bytes);
    if (fed % 50 === 0) await pair.run(pair.clock.elapsedMs() + 5);
    const held = pair.left.messages.reduce((sum, { length }) => sum + length, 0);
    assert(held <= 1 << 22, "a window bounds what one can send");
    if (pair.left.association.hasEnded) {
      // What it was told is from its own peer, as far as it can know.
      pair.left.association.dispose();
      pair.right.association.dispose();
      pair = new AssociationPair(random, {}, { idleMs: 60_000 });
    }
  }
  pair.left.association.dispose();
  pair.right.association.dispose();
});
