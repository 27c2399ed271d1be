import { assertEquals } from "@std/assert";
import { Acknowledging } from "../../../../layers/reliable/recovery/acknowledging.ts";
import { PacketReader, PacketWriter } from "../../../../layers/reliable/wire/packet.ts";

/** Takes packets of a sender that has so many on its way; which of them were acknowledged at once, and
 * when the last has to be. */
function take(numbers: readonly number[], flight: number): { atOnce: number[]; dueAtMs: number } {
  const acknowledging = new Acknowledging();
  const [reader, writer] = [new PacketReader(), new PacketWriter({ high: 1, low: 2 })];
  const bytes = new Uint8Array(1200);
  const atOnce: number[] = [];
  let dueAtMs = Infinity;
  for (const number of numbers) {
    // Nothing is missing before the first.
    writer.begin(bytes, number, number === numbers[0] ? number : number - flight);
    writer.ping();
    reader.read(bytes.subarray(0, writer.finish()));
    acknowledging.takes(reader);
    acknowledging.add(reader, 100);
    dueAtMs = acknowledging.dueAtMs;
    if (dueAtMs > 100) continue;
    atOnce.push(number);
    writer.begin(bytes, 0, 0);
    acknowledging.write(writer, 0, 100);
  }
  return { atOnce, dueAtMs };
}

/** Packets one after another. */
function from(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

Deno.test("the more a sender has on its way, the fewer acknowledgements it gets", () => {
  assertEquals(take(from(100, 108), 8), { atOnce: [101, 103, 105, 107], dueAtMs: 105 });
  assertEquals(take(from(100, 120), 48).atOnce, [105, 111, 117]);
  assertEquals(take(from(1000, 1040), 800).atOnce, [1015, 1031]);
});

Deno.test("the first packets after a gap, and those that were overtaken, are acknowledged at once", () => {
  const numbers = [...from(100, 109), ...from(112, 119), 111, 120];
  assertEquals(take(numbers, 80), { atOnce: [109, 112, 113, 114, 111], dueAtMs: 105 });
});
