// Small byte arrays by the many. V8 puts the bytes of an array of more than 64 outside of its heap,
// which takes it longer than filling them: cutting small arrays from a larger one saves a third of
// what a WebSocket message costs.

const BLOCK_BYTES = 16 * 1024;
/** Larger ones are made by themselves, so that keeping one keeps little else. */
const LARGEST_CUT_BYTES = 1024;

let block = new Uint8Array(BLOCK_BYTES);
let used = 0;

/** An array of zeros. No two ever share bytes, but small ones share a buffer. */
export function smallBytes(length: number): Uint8Array {
  if (length > LARGEST_CUT_BYTES) return new Uint8Array(length);
  if (used + length > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  const start = used;
  used += length;
  return block.subarray(start, used);
}
