// HMAC-SHA-256 (RFC 2104) of two one-shot hashes: for a datagram the streaming object that
// node:crypto makes for each HMAC costs twice the work.

import { hash } from "node:crypto";

export const SHA256_BLOCK_BYTES = 64;
const SHA256_BYTES = 32;

/** HMAC with a secret of at most a block. The text must lie in a buffer with room for a block right in
 * front of it, which is overwritten. */
export function hmacSha256(secret: Uint8Array): (text: Uint8Array) => Uint8Array {
  if (secret.length > SHA256_BLOCK_BYTES) {
    throw new RangeError(`Cannot use a secret of ${secret.length} bytes: at most a block of 64`);
  }
  const inner = new Uint8Array(SHA256_BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(SHA256_BLOCK_BYTES + SHA256_BYTES).fill(0x5c);
  secret.forEach((byte, at) => {
    inner[at]! ^= byte;
    outer[at]! ^= byte;
  });
  return (text) => {
    const start = text.byteOffset - SHA256_BLOCK_BYTES;
    const padded = new Uint8Array(text.buffer, start, SHA256_BLOCK_BYTES + text.length);
    padded.set(inner);
    outer.set(sha256(padded), SHA256_BLOCK_BYTES);
    return sha256(outer);
  };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}
