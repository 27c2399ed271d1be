import { assertEquals } from "@std/assert";
import { kernelBytes, usableBytes } from "../../../../layers/reliable/congestion/kernel_buffer.ts";

Deno.test("a datagram takes of a socket's memory what was measured", () => {
  const fit = (bytes: number) => Math.floor(212_992 / kernelBytes(bytes));
  assertEquals([1000, 1452, 2000, 8000, 16_000].map(fit), [92, 92, 48, 12, 12]);
});

Deno.test("behind a relay that holds datagrams back, more than a socket's memory is on its way", () => {
  const usable = (roundTripMs: number) => usableBytes({ bytes: 1000 }, roundTripMs);
  assertEquals([Infinity, 0.2, 5, 50].map(usable), [1000, 1000, 1000, 10_000]);
});
