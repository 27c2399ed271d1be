// AES in the CCM mode (RFC 3610, NIST SP 800-38C), put together from CBC and CTR, because the
// runtime's node:crypto has no cipher of that name. CoAP devices speak little else (RFC 7925 4.2).

import { createCipheriv, timingSafeEqual } from "node:crypto";

/** The ciphers of the runtime that CCM is made of. */
export const CCM_PARTS = ["aes-128-cbc", "aes-128-ctr"] as const;

const BLOCK_BYTES = 16;
const ZERO_BLOCK = new Uint8Array(BLOCK_BYTES);
/** How many bytes count the blocks of a message: what a nonce of 12 leaves (RFC 3610 2.1). */
const LENGTH_BYTES = 3;
const NONCE_BYTES = BLOCK_BYTES - 1 - LENGTH_BYTES;

/** What a message is sealed under. */
interface CcmContext {
  /** 16 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes, never the same twice under a key. */
  readonly nonce: Uint8Array;
  readonly additionalData: Uint8Array;
  readonly tagBytes: number;
}

/** The ciphertext and its tag. */
export function sealCcm(context: CcmContext, plain: Uint8Array): Uint8Array {
  const { tagBytes } = context;
  const tag = authenticate(context, plain);
  const [sealedTag, sealed] = crypt(context, tag, plain);
  const whole = new Uint8Array(plain.length + tagBytes);
  whole.set(sealed);
  whole.set(sealedTag.subarray(0, tagBytes), plain.length);
  return whole;
}

/** The plaintext, or null when the tag is wrong. */
export function openCcm(context: CcmContext, whole: Uint8Array): Uint8Array | null {
  const { tagBytes } = context;
  const length = whole.length - tagBytes;
  if (length < 0) return null;
  const [tag, plain] = crypt(context, whole.subarray(length), whole.subarray(0, length));
  const wanted = authenticate(context, plain);
  const same = timingSafeEqual(tag.subarray(0, tagBytes), wanted.subarray(0, tagBytes));
  return same ? plain : null;
}

/** The tag before it is encrypted: the last block of a CBC over all (RFC 3610 2.2). */
function authenticate(
  { key, nonce, additionalData, tagBytes }: CcmContext,
  plain: Uint8Array,
): Uint8Array {
  const dataEnd = BLOCK_BYTES + padded(2 + additionalData.length);
  const input = new Uint8Array(dataEnd + padded(plain.length));
  const view = new DataView(input.buffer);
  input[0] = 0x40 | (tagBytes - 2) / 2 << 3 | LENGTH_BYTES - 1;
  input.set(nonce, 1);
  view.setUint8(1 + NONCE_BYTES, plain.length >> 16);
  view.setUint16(2 + NONCE_BYTES, plain.length & 0xffff);
  view.setUint16(BLOCK_BYTES, additionalData.length);
  input.set(additionalData, BLOCK_BYTES + 2);
  input.set(plain, dataEnd);
  const chaining = createCipheriv("aes-128-cbc", key, ZERO_BLOCK).setAutoPadding(false);
  const chained = chaining.update(input);
  chaining.final();
  return chained.subarray(-BLOCK_BYTES);
}

/** Encrypts or decrypts the tag with the first block of the key stream, and the message with the
 * others (RFC 3610 2.3). */
function crypt(
  { key, nonce }: CcmContext,
  tag: Uint8Array,
  message: Uint8Array,
): [tag: Uint8Array, message: Uint8Array] {
  const counter = new Uint8Array(BLOCK_BYTES);
  counter[0] = LENGTH_BYTES - 1;
  counter.set(nonce, 1);
  const input = new Uint8Array(BLOCK_BYTES + message.length);
  input.set(tag);
  input.set(message, BLOCK_BYTES);
  const cipher = createCipheriv("aes-128-ctr", key, counter);
  const output = cipher.update(input);
  cipher.final();
  return [output.subarray(0, BLOCK_BYTES), output.subarray(BLOCK_BYTES)];
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
