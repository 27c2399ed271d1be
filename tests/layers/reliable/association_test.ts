import { assert, assertEquals, assertRejects } from "@std/assert";
import { UndeliveredError } from "../../../core/undelivered_error.ts";
import { kernelBytes } from "../../../layers/reliable/congestion/kernel_buffer.ts";
import { closeCodes, PacketReader, PacketWriter } from "../../../layers/reliable/wire/packet.ts";
import { sealCrc } from "../../../layers/reliable/wire/prefix.ts";
import { seeded } from "../../seeded.ts";
import { Room } from "../../../layers/reliable/stream/room.ts";
import { AssociationPair, type End, messageOf } from "./association_pair.ts";

/** The id by which the left end of a pair is addressed. */
const LEFT = { high: 1, low: 2 };

/** A packet for the left end, as its peer might make it. */
function packet(number: number, write: (writer: PacketWriter) => void): Uint8Array {
  const writer = new PacketWriter(LEFT);
  const bytes = new Uint8Array(1500);
  writer.begin(bytes, number, number);
  write(writer);
  return bytes.slice(0, writer.finish());
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function sendAll(end: End, messages: readonly Uint8Array[]): Promise<void> {
  for (const message of messages) await end.association.send(message);
}

Deno.test("messages arrive with their boundaries, empty ones too, and both ends learn of the end", async () => {
  const pair = new AssociationPair(seeded(1));
  const words = ["a", "", "longer", ""];
  await sendAll(pair.left, words.map((word) => new TextEncoder().encode(word)));
  const ended = pair.left.association.end();
  await pair.run(1000);
  await ended;
  assertEquals(pair.right.messages.map(text), words);
  assertEquals([pair.left.finished, pair.right.finished], [false, true]);
  const { sent, acknowledged, acknowledgedBytes, retransmitted, roundTripMs } =
    pair.left.association.delivery;
  assertEquals([sent, acknowledged, acknowledgedBytes, retransmitted], [4, 4, 7, 0]);
  assertEquals(Math.round(roundTripMs!), 20);
  const back = pair.right.association.end();
  await pair.run(2000);
  await back;
  assertEquals(pair.left.end, { why: "both sides have ended", orderly: true });
  assertEquals(pair.right.end, { why: "both sides have ended", orderly: true });
  // What is left of them goes by itself.
  await pair.run(60_000);
  assert(pair.left.association.isReleased && pair.right.association.isReleased);
  assertEquals(pair.clock.timers, 0);
});

Deno.test("send waits while the peer does not read, and goes on when it does", async () => {
  const pair = new AssociationPair(seeded(2));
  pair.right.reads = false;
  const messages = Array.from({ length: 40 }, (_, number) => messageOf(number, 8000));
  let accepted = 0;
  const sending = (async () => {
    for (const message of messages) {
      await pair.left.association.send(message);
      accepted++;
    }
  })();
  await pair.run(60_000);
  // Two buffers of 64 KiB, the sender's and the receiver's, and the message between them.
  assert(accepted >= 14 && accepted <= 18, `${accepted}`);
  assert(pair.right.messages.length >= 7 && pair.right.messages.length <= 9);
  assertEquals(pair.left.end, undefined, "a peer that says it has no room is not lost");
  pair.right.reads = true;
  for (const message of pair.right.messages) pair.right.association.consumed(message.length);
  await pair.run(120_000, () => pair.right.messages.length === 40);
  await sending;
  assertEquals(pair.right.messages, messages);
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("a grant that is lost on its way is said again soon", async () => {
  const pair = new AssociationPair(seeded(14));
  pair.right.reads = false;
  await sendAll(pair.left, Array.from({ length: 8 }, (_, number) => messageOf(number, 8000)));
  const last = pair.left.association.send(messageOf(8, 60_000));
  await pair.run(1000);
  pair.weather = { loss: 1 };
  for (const message of pair.right.messages) pair.right.association.consumed(message.length);
  await pair.run(1010);
  pair.weather = {};
  const startedMs = pair.clock.elapsedMs();
  await pair.run(60_000, () => pair.right.messages.length === 9);
  await last;
  assert(pair.clock.elapsedMs() - startedMs < 1000, `${pair.clock.elapsedMs() - startedMs} ms`);
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("no more is on its way than the receiving socket holds", async () => {
  const kernelBuffer = { bytes: 20_000 };
  const pair = new AssociationPair(seeded(15), { delayMs: 2.5 }, { kernelBuffer });
  pair.left.record = [];
  const sending = sendAll(
    pair.left,
    Array.from({ length: 10 }, (_, number) => messageOf(number, 20_000)),
  );
  let most = 0;
  // A round trip is 5 ms: what leaves within less is on its way at once.
  for (let time = 0; time < 200; time++) {
    await pair.run(pair.clock.elapsedMs() + 4.9);
    most = Math.max(most, pair.left.record.splice(0).length);
  }
  await sending;
  assertEquals(pair.right.messages.length, 10);
  assertEquals(most, Math.floor(kernelBuffer.bytes / kernelBytes(1200)));
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("no more messages are handed on unread than are allowed", async () => {
  const pair = new AssociationPair(seeded(3), {}, { maxUnreadMessages: 5 });
  pair.right.reads = false;
  await sendAll(pair.left, Array.from({ length: 50 }, (_, number) => messageOf(number, 1)));
  await pair.run(1000);
  assertEquals(pair.right.messages.length, 5);
  pair.right.association.consumed(1);
  pair.right.association.consumed(1);
  assertEquals(pair.right.messages.length, 7);
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("what does not fit into the room that all share is not acknowledged, and comes again", async () => {
  const room = new Room(20_000);
  const rooms = { unread: room, unacknowledged: new Room(1 << 20) };
  const pair = new AssociationPair(seeded(4), {}, { rooms });
  pair.right.reads = false;
  await sendAll(pair.left, Array.from({ length: 4 }, (_, number) => messageOf(number, 9000)));
  await pair.run(3000);
  assert(room.bytes >= 0, `${room.bytes}`);
  assertEquals(pair.right.messages.length, 2);
  for (let read = 0; read < 4; read++) {
    pair.right.association.consumed(9000);
    await pair.run(pair.clock.elapsedMs() + 10_000);
  }
  assertEquals(pair.right.messages.length, 4);
  pair.left.association.dispose();
  pair.right.association.dispose();
  assertEquals(room.bytes, 20_000);
});

Deno.test("a peer that vanishes is given up, with what was delivered", async () => {
  const pair = new AssociationPair(seeded(5), {}, { timeoutMs: 5000 });
  await sendAll(pair.left, [messageOf(1, 10), messageOf(2, 10)]);
  await pair.run(1000);
  pair.weather = { loss: 1 };
  const startedMs = pair.clock.elapsedMs();
  await sendAll(pair.left, [messageOf(3, 10)]);
  const ended = assertRejects(
    () => pair.left.association.end(),
    UndeliveredError,
    "no answer for 5 s; messages 1 to 2 were delivered, message 3 was not",
  );
  await pair.run(60_000, () => pair.left.end !== undefined);
  await ended;
  assert(Math.abs(pair.clock.elapsedMs() - startedMs - 5000) < 50);
  assertEquals(pair.left.counters.undelivered, 1);
  await assertRejects(() => pair.left.association.send(messageOf(4, 1)), UndeliveredError);
  pair.right.association.dispose();
});

Deno.test("a peer that vanishes while nothing is said is noticed by a ping", async () => {
  const pair = new AssociationPair(seeded(6), {}, { timeoutMs: 5000 });
  await sendAll(pair.left, [messageOf(1, 10)]);
  await pair.run(50_000);
  assertEquals(pair.left.end, undefined, "pings keep it alive");
  pair.weather = { loss: 1 };
  await pair.run(80_000);
  assertEquals(pair.left.end, { why: "no answer for 5 s", orderly: false });
});

Deno.test("disposing tells the peer at once", async () => {
  const pair = new AssociationPair(seeded(7));
  await sendAll(pair.left, [messageOf(1, 10)]);
  await pair.run(1000);
  pair.right.association.dispose();
  await pair.run(1100);
  assertEquals(pair.left.end, { why: "closed by the peer", orderly: true });
  assertEquals(pair.clock.timers, 0);
});

Deno.test("a peer that closes because it has everything says so of all that it was sent", async () => {
  const pair = new AssociationPair(seeded(9));
  const { left } = pair;
  const sent = left.association.send(messageOf(0, 100));
  const ended = left.association.end();
  pair.weather = { loss: 1 };
  await pair.run(1);
  pair.deliver(left, packet(0, (writer) => writer.close(closeCodes.done)));
  await Promise.all([sent, ended]);
  assertEquals(left.association.delivery.acknowledged, 1);
  assertEquals(left.end?.orderly, true);
});

Deno.test("a peer that closes without having everything leaves an error behind", async () => {
  const pair = new AssociationPair(seeded(8));
  pair.right.reads = false;
  await sendAll(pair.left, [messageOf(1, 60_000)]);
  const waiting = pair.left.association.delivered();
  const failed = assertRejects(() => waiting, UndeliveredError, "no message was delivered");
  await pair.run(15);
  pair.right.association.dispose();
  await pair.run(1000);
  await failed;
  assertEquals(pair.left.end?.orderly, false);
});

Deno.test("what was forgotten is delivered in the background, within its time", async () => {
  const pair = new AssociationPair(seeded(9), { loss: 0.2 });
  await sendAll(pair.left, Array.from({ length: 5 }, (_, number) => messageOf(number, 9000)));
  pair.left.association.forget(20_000);
  await pair.run(19_000, () => pair.right.finished);
  assertEquals(pair.right.messages.length, 5);
  // What comes for it now is neither delivered nor acknowledged.
  await pair.right.association.send(messageOf(9, 10));
  await pair.run(40_000);
  assertEquals(pair.left.messages.length, 0);
  assertEquals(pair.right.association.delivery.acknowledged, 0);
  assert(pair.left.association.isReleased);
  assertEquals(pair.right.end?.orderly, false);
});

Deno.test("a message longer than its receiver takes is refused by whoever sends it", async () => {
  const terms = { maxMessageBytes: 100, windowBytes: 64 * 1024 };
  const pair = new AssociationPair(seeded(10), {}, { terms });
  await assertRejects(
    () => pair.left.association.send(new Uint8Array(101)),
    RangeError,
    "Cannot send 101 bytes: the peer takes messages of 100 at most",
  );
  // And by the receiver: a length of four billion sets nothing aside.
  const huge = packet(0, (writer) => {
    writer.stream(0, 8, false).set([0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
  });
  pair.deliver(pair.left, huge);
  assertEquals(pair.left.end, {
    why: "the peer sent a message of 4294967295 bytes, and the limit is 100",
    orderly: false,
  });
  assertEquals(pair.left.counters.oversized, 1);
  pair.right.association.dispose();
});

Deno.test("lies about what arrived, and about windows, change nothing", async () => {
  const pair = new AssociationPair(seeded(11));
  pair.weather = { loss: 1 };
  await sendAll(pair.left, [messageOf(1, 5000)]);
  await pair.run(5);
  const lies: ((writer: PacketWriter) => void)[] = [
    // Packets that were never sent.
    (writer) => writer.ack(1000, 1 << 20, 0, []),
    (writer) => writer.ack(1, 1 << 20, 0, [100, 101]),
    // A window beyond all measure.
    (writer) => writer.ack(0, 2 ** 47, 0, []),
    // Parts of the stream outside of our window, and an end before its beginning.
    (writer) => void writer.stream(64 * 1024, 1, false),
    (writer) => void writer.stream(2 ** 47, 10, true),
  ];
  lies.forEach((lie, number) => pair.deliver(pair.left, packet(number, lie)));
  assertEquals(pair.left.counters.malformed, lies.length);
  assertEquals(pair.left.association.delivery.acknowledged, 0);
  assertEquals(pair.left.end, undefined);
  // The stream ends twice, and not at the same place.
  pair.deliver(pair.left, packet(20, (writer) => void writer.stream(10, 10, true)));
  pair.deliver(pair.left, packet(21, (writer) => void writer.stream(10, 20, true)));
  pair.deliver(pair.left, packet(22, (writer) => void writer.stream(20, 10, false)));
  assertEquals(pair.left.counters.malformed, lies.length + 2);
  pair.left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("what was lost is not taken for arrived, however many acknowledgements follow it", async () => {
  const pair = new AssociationPair(seeded(12), { loss: 1 });
  const { left } = pair;
  const reader = new PacketReader();
  const carried: number[] = [];
  let oldest = 0;
  void left.association.send(messageOf(0, 100)).catch(() => {});
  await pair.run(1);
  for (let number = 0; number < 140_000; number++) {
    // Every second one makes it say that it has it.
    left.record = [];
    pair.deliver(left, packet(2 * number + 1, (writer) => writer.ping()));
    for (const bytes of left.record) {
      assert(reader.read(bytes));
      oldest = reader.oldest;
      if (reader.hasStream) carried.push(reader.number);
    }
  }
  assert(oldest > 0);
  assert(carried.some((number) => number >= oldest), `${carried} are not all below ${oldest}`);
  // What its peer says that got nothing of it but that.
  pair.deliver(left, packet(400_000, (writer) => writer.ack(oldest, 1 << 20, 0, [])));
  assertEquals(left.association.delivery.acknowledged, 0);
  left.association.dispose();
});

Deno.test("more gaps than a receiver remembers do not keep the packets after them out", () => {
  const pair = new AssociationPair(seeded(16), { loss: 1 });
  const { left } = pair;
  const gapped = (number: number, oldest: number) => {
    const writer = new PacketWriter(LEFT);
    const bytes = new Uint8Array(100);
    writer.begin(bytes, number, oldest);
    writer.ping();
    pair.deliver(left, bytes.subarray(0, writer.finish()));
  };
  for (let number = 1; number < 2000; number += 2) gapped(number, 0);
  const refused = left.counters.replayed;
  assert(refused > 0);
  // Its sender knows by now what was lost.
  gapped(2300, 2250);
  assertEquals(left.counters.replayed, refused);
  left.association.dispose();
  pair.right.association.dispose();
});

Deno.test("a flood of ends and of doubles costs an acknowledgement each and no memory", async () => {
  const pair = new AssociationPair(seeded(12));
  for (let number = 0; number < 10_000; number++) {
    pair.deliver(pair.left, packet(number, (writer) => void writer.stream(0, 0, true)));
  }
  assertEquals(pair.left.finished, true);
  const before = pair.left.counters.replayed;
  const twice = packet(5, (writer) => writer.ping());
  for (let time = 0; time < 1000; time++) pair.deliver(pair.left, twice);
  assertEquals(pair.left.counters.replayed, before + 1000);
  assert(pair.sent <= 11_001, `${pair.sent}`);
  assert(pair.clock.timers < 20_000);
  pair.left.association.dispose();
  pair.right.association.dispose();
  await pair.run(1000);
});

Deno.test("whoever acknowledges what it was never sent is found out", async () => {
  // Numbers are left out by chance, which is always the same here.
  const pair = new AssociationPair(() => 0);
  pair.right.reads = false;
  let acknowledged = 0;
  let number = 0;
  // The peer never listens, and says that everything arrived.
  pair.weather = { loss: 1 };
  pair.left.record = [];
  const reader = new PacketReader();
  let sending = true;
  (async () => {
    for (let count = 0; count < 2000; count++) {
      await pair.left.association.send(messageOf(count, 1100));
    }
  })().catch(() => sending = false);
  for (let round = 0; round < 2000 && sending; round++) {
    await pair.run(pair.clock.elapsedMs() + 10);
    for (const bytes of pair.left.record.splice(0)) {
      if (reader.read(bytes)) acknowledged = Math.max(acknowledged, reader.number);
    }
    const lie = packet(
      number++,
      (writer) => writer.ack(acknowledged + 1, (acknowledged + 100) * 1200, 0, []),
    );
    pair.deliver(pair.left, lie);
  }
  assertEquals(pair.left.end?.why, "the peer acknowledged what it was never sent");
  pair.right.association.dispose();
});

Deno.test("a datagram for another id, and one whose checksum is wrong, change nothing", async () => {
  const pair = new AssociationPair(seeded(13));
  const close = packet(0, (writer) => writer.close(closeCodes.gone));
  const other = close.slice();
  other[13]! ^= 1;
  pair.deliver(pair.left, other);
  sealCrc(other, other.length);
  pair.deliver(pair.left, other);
  assertEquals([pair.left.end, pair.left.counters.malformed], [undefined, 2]);
  pair.deliver(pair.left, close);
  assertEquals(pair.left.end, { why: "closed by the peer", orderly: true });
  pair.right.association.dispose();
  await pair.run(100);
});
