import { assertEquals } from "@std/assert";
import { SendBuffer } from "../../../../layers/reliable/stream/send_buffer.ts";

Deno.test("SendBuffer sends again what was lost and nothing that arrived", () => {
  const buffer = new SendBuffer(1000);
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
