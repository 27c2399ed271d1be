import { assertEquals, assertRejects } from "@std/assert";
import { RecordPacking } from "../../../../layers/dtls/record/packing.ts";
import { settled } from "../../../fake_time.ts";

const record = (byte: number, length = 100) => new Uint8Array(length).fill(byte);

/** What was sent, and how each is taken. */
function packing(maxBytes = 250) {
  const sent: number[][] = [];
  const takers: PromiseWithResolvers<void>[] = [];
  const packs = new RecordPacking(maxBytes, (datagram) => {
    sent.push([...new Set(datagram)]);
    const taker = Promise.withResolvers<void>();
    takers.push(taker);
    return taker.promise;
  });
  return { packs, sent, takers };
}

Deno.test("records that wait for the one before leave together, in order, as many as fit", async () => {
  const { packs, sent, takers } = packing();
  const all = [1, 2, 3, 4, 5, 6].map((byte) => packs.send(record(byte, byte === 4 ? 300 : 100)));
  assertEquals(sent, [[1]], "the first waits for nothing");
  takers[0]!.resolve();
  await settled();
  assertEquals(sent, [[1], [2, 3], [4], [5, 6]]);
  const late = packs.send(record(7));
  assertEquals(sent.length, 4);
  for (const taker of takers.slice(1)) taker.resolve();
  await Promise.all(all);
  await settled();
  assertEquals(sent.at(-1), [7]);
  takers.at(-1)!.resolve();
  await late;
  await settled();
  void packs.send(record(8));
  assertEquals(sent.at(-1), [8], "at once again");
});

Deno.test("what waits leaves before a goodbye, and a failure is its own sender's", async () => {
  const { packs, sent, takers } = packing();
  const first = packs.send(record(1));
  const second = packs.send(record(2));
  packs.flush();
  assertEquals(sent, [[1], [2]]);
  takers[0]!.reject(new Error("no route"));
  await assertRejects(() => first, Error, "no route");
  takers[1]!.reject(new Error("no buffer"));
  await assertRejects(() => second, Error, "no buffer");
  const third = packs.send(record(3));
  await settled();
  assertEquals(sent.at(-1), [3]);
  takers[2]!.resolve();
  await third;
});
