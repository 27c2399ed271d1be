import { assert, assertEquals } from "@std/assert";
import { ReceiveBuffer } from "../../../../layers/reliable/stream/receive_buffer.ts";
import { Room } from "../../../../layers/reliable/stream/room.ts";
import { cpuMs } from "../../../cpu_time.ts";

const MIB = 1 << 20;
const ONE = Uint8Array.of(1);

function bufferIn(room: Room, windowBytes = MIB) {
  const delivered: Uint8Array[] = [];
  const buffer = new ReceiveBuffer({
    windowBytes,
    maxMessageBytes: MIB,
    maxUnreadMessages: 256,
    room,
    deliver: (message) => void delivered.push(message),
  });
  return { buffer, delivered };
}

/** The beginning of a stream: a message of so many bytes, of which only some are there. */
function begun(length: number, there: number): Uint8Array {
  const bytes = new Uint8Array(4 + there);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

Deno.test("parts that lie apart are charged with the memory that they take, and it comes back", () => {
  const room = new Room(64 * MIB);
  const { buffer } = bufferIn(room);
  for (let part = 0; part < 256; part++) {
    assertEquals(buffer.take(part * 4096 + 1, ONE, false), "taken");
  }
  assert(64 * MIB - room.bytes >= MIB, `${64 * MIB - room.bytes} bytes are charged`);
  buffer.release();
  assertEquals(room.bytes, 64 * MIB);
});

Deno.test("parts that lie apart are not taken beyond the room, what comes next is", () => {
  const room = new Room(10 * 4096);
  const { buffer, delivered } = bufferIn(room);
  let taken = 0;
  for (let part = 1; part < 200; part++) {
    if (buffer.take(part * 4096 + 1, ONE, false) === "taken") taken++;
  }
  assert(taken > 5 && taken <= 10, `${taken} were taken`);
  assert(room.bytes >= 0);
  const message = begun(20, 20);
  assertEquals(buffer.take(0, message, false), "taken");
  assertEquals(delivered.length, 1);
  buffer.release();
});

Deno.test("pages are given back as the stream goes on", () => {
  const room = new Room(MIB);
  const { buffer, delivered } = bufferIn(room);
  const message = begun(100_000, 100_000);
  // All but the first byte, the last part first.
  for (let end = message.length; end > 1;) {
    const start = Math.max(1, end - 1000);
    assertEquals(buffer.take(start, message.subarray(start, end), false), "taken");
    end = start;
  }
  assert(MIB - room.bytes >= 100_000);
  assertEquals(buffer.take(0, message.subarray(0, 1), false), "taken");
  assertEquals(delivered.map(({ length }) => length), [100_000]);
  assert(MIB - room.bytes < 101_000, "only the unread message is charged");
  buffer.consumed(100_000);
  assertEquals(room.bytes, MIB);
});

Deno.test("half a million one-byte parts are few ranges and cost little", () => {
  const room = new Room(64 * MIB);
  const { buffer } = bufferIn(room);
  const startedMs = cpuMs();
  let taken = 0;
  // From the end: whatever is added comes before all others.
  for (let part = MIB / 2 - 1; part >= 0; part--) {
    if (buffer.take(2 * part + 1, ONE, false) === "taken") taken++;
  }
  const spentMs = cpuMs() - startedMs;
  assert(taken > 500 && taken < 2000, `${taken} ranges are kept`);
  assert(spentMs < 3000, `${spentMs} ms`);
  // A part that joins one which is there needs no range.
  assertEquals(buffer.take(MIB - 2, ONE, false), "taken");
  buffer.release();
});

Deno.test("a long message takes memory as it arrives, and not as it was announced", () => {
  const room = new Room(64 * MIB);
  const { buffer } = bufferIn(room);
  assertEquals(buffer.take(0, begun(MIB, 1), false), "taken");
  assert(64 * MIB - room.bytes < 2048, `${64 * MIB - room.bytes} bytes are charged`);
  buffer.take(5, new Uint8Array(100_000), false);
  const charged = 64 * MIB - room.bytes;
  assert(charged >= 100_000 && charged <= 200_100, `${charged} bytes are charged`);
  buffer.release();
  assertEquals(room.bytes, 64 * MIB);
});

Deno.test("messages of one byte that nobody reads are charged with what each takes", () => {
  const room = new Room(MIB);
  const { buffer, delivered } = bufferIn(room);
  for (let number = 0; number < 200; number++) buffer.take(number * 5, begun(1, 1), false);
  assertEquals(delivered.length, 200);
  assert(MIB - room.bytes > 200 * 100);
  for (let number = 0; number < 200; number++) buffer.consumed(1);
  assertEquals(room.bytes, MIB);
});
