import { assertEquals } from "@std/assert";
import { kernelBytes } from "../../../../layers/reliable/congestion/kernel_buffer.ts";

Deno.test("a datagram takes of a socket's memory what was measured", () => {
  const fit = (bytes: number) => Math.floor(212_992 / kernelBytes(bytes));
  assertEquals([1000, 1452, 2000, 8000, 16_000].map(fit), [92, 92, 48, 12, 12]);
});
