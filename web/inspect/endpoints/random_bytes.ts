// Random bytes, the same ones for the same seed.

import type { ParsedRequest } from "../parsed_request.ts";
import { wholeNumber } from "../numbers.ts";

/** A source of bytes, seeded by the query's `seed`, or at random without one. */
export function randomByteSource(
  request: ParsedRequest,
  random: () => number,
): (count: number) => Uint8Array<ArrayBuffer> {
  const seed = request.queryValue("seed");
  let state = seed === undefined
    ? Math.floor(random() * 2 ** 32)
    : wholeNumber(seed, "seed", { min: -Number.MAX_SAFE_INTEGER }) | 0;
  return (count) => {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      // Mulberry32, whose top byte is its best.
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      bytes[at] = (mixed ^ (mixed >>> 14)) >>> 24;
    }
    return bytes;
  };
}
