/** What a peer gains by acknowledging what it has not got: to be closed before it has any use of it. */

import { assert, assertEquals } from "@std/assert";
import {
  type ControlName,
  controlNames,
} from "../../../../layers/reliable/congestion/control_names.ts";
import { SkippedNumbers } from "../../../../layers/reliable/recovery/skipped_numbers.ts";
import { Room } from "../../../../layers/reliable/stream/room.ts";
import { PacketReader, PacketWriter } from "../../../../layers/reliable/wire/packet.ts";
import { seeded } from "../../../seeded.ts";
import { AssociationPair } from "../association_pair.ts";

const WINDOW_BYTES = 1 << 24;

/** Sends to a peer that says of every packet that it came, so long after it was sent, though none did.
 * Returns how many were sent until the peer was found out, and what is said of it. */
async function lieTo(control: ControlName, seed: number, afterMs: number) {
  const pair = new AssociationPair(seeded(seed), { loss: 1 }, {
    control,
    terms: { maxMessageBytes: 1 << 20, windowBytes: WINDOW_BYTES },
    sendBufferBytes: WINDOW_BYTES,
    rooms: { unread: new Room(1 << 28), unacknowledged: new Room(1 << 28) },
  });
  const { left, right } = pair;
  const [reader, writer] = [new PacketReader(), new PacketWriter({ high: 1, low: 2 })];
  (async () => {
    for (;;) await left.association.send(new Uint8Array(100_000));
  })().catch(() => {});
  let [largest, sent, lies] = [0, 0, 0];
  while (left.end === undefined && pair.clock.elapsedMs() < 10_000) {
    left.record = [];
    await pair.run(pair.clock.elapsedMs() + 1);
    sent += left.record.length;
    for (const bytes of left.record) {
      if (reader.read(bytes)) largest = Math.max(largest, reader.number);
    }
    const cumulative = largest + 1;
    pair.clock.after(afterMs, () => {
      const lie = new Uint8Array(100);
      writer.begin(lie, lies, lies++);
      writer.ack(cumulative, (lies + 10_000) * 1200, 0, []);
      pair.deliver(left, lie.subarray(0, writer.finish()));
    });
  }
  const why = left.end?.why;
  left.association.dispose();
  right.association.dispose();
  return { why, sent };
}

for (const control of controlNames) {
  Deno.test(`an optimistic acknowledger gains nothing with ${control}`, async () => {
    for (let seed = 1; seed <= 10; seed++) {
      // As if there were no path at all, and as if nothing were ever lost on a long one.
      for (const afterMs of [0, 5, 100]) {
        const { why, sent } = await lieTo(control, seed, afterMs);
        const what = `seed ${seed}, ${afterMs} ms: ${sent} were sent`;
        assertEquals(why, "the peer acknowledged what it was never sent", what);
        assert(sent < 300, what);
      }
    }
  });
}

/** An acknowledgement. */
function acknowledging(cumulative: number, ranges: readonly number[]): PacketReader {
  const [reader, writer] = [new PacketReader(), new PacketWriter({ high: 1, low: 2 })];
  const bytes = new Uint8Array(1200);
  writer.begin(bytes, 0, 0);
  writer.ack(cumulative, 0, 0, ranges);
  assert(reader.read(bytes.subarray(0, writer.finish())));
  return reader;
}

Deno.test("a number that was left out convicts until a claim to have it is overdue", () => {
  const skipped = new SkippedNumbers(() => 0.5);
  const numbers = Array.from({ length: 500 }, (_, number) => number)
    .filter((number) => skipped.skips(number, 100));
  assertEquals(numbers, [33, 98, 227, 484]);
  const isLie = (cumulative: number, ranges: readonly number[] = []) =>
    skipped.convicts(acknowledging(cumulative, ranges));
  assert(!isLie(33, [34, 98, 99, 227, 228, 484]));
  assert(isLie(34) && isLie(33, [34, 99]) && isLie(33, [34, 98, 99, 228]));
  // All below 150 is settled, and packet 500 is the next.
  assertEquals(skipped.announce(150, 149, 500), 33);
  assert(isLie(34));
  assertEquals(skipped.announce(160, 500, 600), 160);
  assert(!isLie(227) && isLie(228));
});

Deno.test("of what is on its way few numbers are left out, however much it is", () => {
  const skipped = new SkippedNumbers(seeded(1));
  let count = 0;
  for (let number = 0; number < 100_000; number++) {
    if (skipped.skips(number, 32_000)) count++;
  }
  assert(count < 30, `${count}`);
});
