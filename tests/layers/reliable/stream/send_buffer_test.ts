import { assert, assertEquals } from "@std/assert";
import { Room } from "../../../../layers/reliable/stream/room.ts";
import { SendBuffer } from "../../../../layers/reliable/stream/send_buffer.ts";

Deno.test("SendBuffer sends again what was lost and nothing that arrived", () => {
  const buffer = new SendBuffer(1000, new Room(1_000_000));
  buffer.begin(96);
  buffer.write(new Uint8Array(96));
  const into = new Uint8Array(100);
  const take = () => {
    const part = buffer.next(20, 1000);
    if (part !== null) buffer.take(part, into.subarray(0, part.end - part.start));
    return part;
  };
  for (let count = 0; count < 5; count++) take();
  assertEquals(take(), null);
  buffer.acknowledge(20, 40);
  buffer.lose(0, 60);
  assertEquals([take(), take(), take()], [
    { start: 0, end: 20 },
    { start: 40, end: 60 },
    null,
  ]);
  buffer.acknowledge(0, 20);
  assertEquals([buffer.acknowledged, buffer.acknowledgedBytes], [40, 36]);
  buffer.acknowledge(40, 100);
  assertEquals([buffer.acknowledgedMessages, buffer.acknowledgedBytes], [1, 96]);
});

Deno.test("buffers whose peers acknowledge nothing share their room, and each keeps a part", () => {
  const room = new Room(100_000);
  const buffers = Array.from({ length: 100 }, () => new SendBuffer(64_000, room));
  let written = 0;
  for (const buffer of buffers) {
    buffer.begin(64_000);
    written += buffer.write(new Uint8Array(64_000));
    assertEquals(buffer.roomBytes, 0);
  }
  assert(written < 100_000 + 100 * 4000, `${written}`);
  const [first, , , last] = buffers as [SendBuffer, SendBuffer, SendBuffer, SendBuffer];
  assert(last.written >= 4000, `${last.written}`);
  last.sent = last.written;
  last.acknowledge(0, last.written);
  assertEquals(last.roomBytes, 4000, "it goes on however little room there is");
  for (const buffer of buffers) buffer.release();
  assertEquals(room.bytes, 100_000);
  assertEquals(first.acknowledgedBytes, 0);
});
