// What all congestion controls hold of a path.

/** RFC 9406 4.3. */
const MIN_RISE_MS = 4;
const MAX_RISE_MS = 16;

/** The initial window (RFC 6928). */
export function initialWindowBytes(datagramBytes: number): number {
  return Math.min(10 * datagramBytes, Math.max(2 * datagramBytes, 14_720));
}

/** By how much a round trip must rise above a base to speak of a queue (RFC 9406 4.2). */
export function riseMs(baseMs: number): number {
  return Math.min(MAX_RISE_MS, Math.max(MIN_RISE_MS, baseMs / 8));
}
