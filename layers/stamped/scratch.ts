// Memory for datagrams, by the block: a typed array of more than 64 bytes takes V8 longer to make than
// to fill, and at tens of thousands a second that is a tenth of the time.

import { byteCutter } from "../../core/small_bytes.ts";

const BLOCK_BYTES = 64 * 1024;

let scratch = new Uint8Array(BLOCK_BYTES);

/** An array for a datagram that is sent and then gone. */
export const datagramBytes: (length: number) => Uint8Array = byteCutter(BLOCK_BYTES, 4096);

/** Memory that is the caller's until it next waits for anything. What is in it is of no meaning. */
export function scratchBytes(length: number): Uint8Array {
  if (length > scratch.length) scratch = new Uint8Array(length);
  return scratch.subarray(0, length);
}
