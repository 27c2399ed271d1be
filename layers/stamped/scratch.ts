// Memory for datagrams, by the block: a typed array of more than 64 bytes takes V8 longer to make than
// to fill, and at tens of thousands a second that is a tenth of the time.

const BLOCK_BYTES = 64 * 1024;
/** Larger ones are made by themselves, so that one that is kept keeps little else. */
const LARGEST_CUT_BYTES = 4096;

let block = new Uint8Array(BLOCK_BYTES);
let used = 0;
let scratch = new Uint8Array(BLOCK_BYTES);

/** An array for a datagram that is sent and then gone. No two share bytes, but they share buffers. */
export function datagramBytes(length: number): Uint8Array {
  if (length > LARGEST_CUT_BYTES) return new Uint8Array(length);
  if (used + length > BLOCK_BYTES) {
    block = new Uint8Array(BLOCK_BYTES);
    used = 0;
  }
  const start = used;
  used += length;
  return block.subarray(start, used);
}

/** Memory that is the caller's until it next waits for anything. What is in it is of no meaning. */
export function scratchBytes(length: number): Uint8Array {
  if (length > scratch.length) scratch = new Uint8Array(length);
  return scratch.subarray(0, length);
}
