import { assert } from "@std/assert";
import { ByteRing } from "../../../../layers/reliable/stream/byte_ring.ts";
import { seeded } from "../../../seeded.ts";

Deno.test("ByteRing keeps what is in use while it grows and goes round", () => {
  const random = seeded(2);
  const ring = new ByteRing();
  let [low, high] = [0, 0];
  const at = (offset: number) => (offset * 31) & 0xff;
  for (let step = 0; step < 500; step++) {
    const count = Math.floor(random() * 3000);
    ring.write(high, Uint8Array.from({ length: count }, (_, index) => at(high + index)), low, high);
    high += count;
    low += Math.floor(random() * (high - low));
    const read = new Uint8Array(high - low);
    ring.read(low, read);
    assert(read.every((byte, index) => byte === at(low + index)), `step ${step}`);
  }
});
