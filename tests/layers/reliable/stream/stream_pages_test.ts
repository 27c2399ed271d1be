import { assert, assertEquals } from "@std/assert";
import { StreamPages } from "../../../../layers/reliable/stream/stream_pages.ts";
import { seeded } from "../../../seeded.ts";

Deno.test("StreamPages keeps what is in use, and gives back what is not", () => {
  const random = seeded(2);
  const pages = new StreamPages();
  let [low, high] = [0, 0];
  const at = (offset: number) => (offset * 31) & 0xff;
  for (let step = 0; step < 500; step++) {
    const count = Math.floor(random() * 9000);
    const end = high + count;
    const cost = pages.costOf(high, end);
    const before = pages.committedBytes;
    pages.write(high, Uint8Array.from({ length: count }, (_, index) => at(high + index)));
    assertEquals(pages.committedBytes - before, cost);
    high = end;
    low += Math.floor(random() * (high - low));
    pages.dropBelow(low);
    const read = new Uint8Array(high - low);
    pages.read(low, read);
    assert(read.every((byte, index) => byte === at(low + index)), `step ${step}`);
    assert(pages.committedBytes <= high - low + 8192, `step ${step}`);
  }
  pages.clear();
  assertEquals(pages.committedBytes, 0);
});
