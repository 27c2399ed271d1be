// Signing with Ed25519 (RFC 8032) or HMAC-SHA-256 (RFC 2104), over a domain, the stamp, the recipient
// of an answer, and the payload. docs/signed.md has the format and test vectors.

import { Buffer } from "node:buffer";
import { hash, sign, timingSafeEqual, verify } from "node:crypto";
import {
  type Key,
  keyFingerprint,
  keyName,
  type PrivateKey,
  type PublicKey,
  publicKeyObject,
  type SharedKey,
} from "../../core/keys/key.ts";
import type { Identity } from "../../core/session.ts";
import {
  keyIdOf,
  type Opener,
  type OpeningKey,
  type Sealer,
  type SealingKey,
} from "../stamped/protection.ts";
import { algorithm, INSTANCE_BYTES, STAMP_BYTES } from "../stamped/stamp.ts";

/** The block of SHA-256, which HMAC puts in front of a text. */
export const SHA256_BLOCK_BYTES = 64;
const HMAC_BYTES = 32;
/** More than any datagram has. */
const MAX_DATAGRAM_BYTES = 65_536;
const ED25519_BYTES = 64;
const DOMAIN = Buffer.from("sockdock signed 1\0");

/** A shared secret, which signs and checks in both directions. */
export function hmacKey(key: SharedKey): SealingKey & OpeningKey {
  const mac = hmacSha256(key.secret);
  const self: SealingKey & OpeningKey = {
    algorithm: algorithm.hmacSha256,
    id: keyIdOf(key),
    tagBytes: HMAC_BYTES,
    identity: identityOf(key),
    get answer() {
      return self;
    },
    sealer: () => signer(HMAC_BYTES, mac),
    opener: () =>
      checker(HMAC_BYTES, (signed, signature) => timingSafeEqual(signature, mac(signed))),
  };
  return self;
}

export function ed25519Signer(key: PrivateKey): SealingKey {
  const signature = (signed: Uint8Array) => sign(null, signed, key.privateKey);
  return {
    algorithm: algorithm.ed25519,
    id: keyIdOf(key),
    tagBytes: ED25519_BYTES,
    sealer: () => signer(ED25519_BYTES, signature),
  };
}

/** The public key of a sender, which checks.
 * @param answer the key that answers to that sender are signed with */
export function ed25519Checker(key: PublicKey | PrivateKey, answer: SealingKey): OpeningKey {
  const publicKey = publicKeyObject(key.publicKey);
  const isSignature = (signed: Uint8Array, signature: Uint8Array) => {
    try {
      return verify(null, signed, publicKey, signature);
    } catch {
      return false;
    }
  };
  return {
    algorithm: algorithm.ed25519,
    id: keyIdOf(key),
    tagBytes: ED25519_BYTES,
    identity: identityOf(key),
    answer,
    opener: () => checker(ED25519_BYTES, isSignature),
  };
}

function signer(tagBytes: number, signatureOf: (signed: Uint8Array) => Uint8Array): Sealer {
  return (into, payload, recipient) => {
    into.set(payload, STAMP_BYTES);
    into.set(signatureOf(signedText(into, tagBytes, recipient)), into.length - tagBytes);
  };
}

function checker(
  tagBytes: number,
  isSignature: (signed: Uint8Array, signature: Uint8Array) => boolean,
): Opener {
  return (datagram, recipient) => {
    const end = datagram.length - tagBytes;
    const signed = signedText(datagram, tagBytes, recipient);
    return isSignature(signed, datagram.subarray(end)) ? datagram.subarray(STAMP_BYTES, end) : null;
  };
}

/** Where a signed text begins in its memory, behind room for a block of SHA-256. */
const TEXT_START = SHA256_BLOCK_BYTES;
const STAMP_START = TEXT_START + DOMAIN.length;

/** Memory for one signed text at a time: it is read before the next one is written. */
const scratch = new Uint8Array(STAMP_START + INSTANCE_BYTES + MAX_DATAGRAM_BYTES);
scratch.set(DOMAIN, TEXT_START);

/** The domain, the stamp, the recipient and the payload, in memory that the next call uses again and
 * that has room for a block of SHA-256 in front of it. The direction in the stamp says whether there
 * is a recipient, and its length is fixed, so that no two datagrams give the same text. */
function signedText(datagram: Uint8Array, tagBytes: number, recipient: Uint8Array): Uint8Array {
  // Byte by byte, which for so few takes less time than `set`.
  let to = STAMP_START;
  for (let at = 0; at < STAMP_BYTES; at++) scratch[to++] = datagram[at]!;
  for (let at = 0; at < recipient.length; at++) scratch[to++] = recipient[at]!;
  const end = datagram.length - tagBytes;
  scratch.set(datagram.subarray(STAMP_BYTES, end), to);
  return scratch.subarray(TEXT_START, to + end - STAMP_BYTES);
}

/** HMAC of two one-shot hashes: the streaming object that node:crypto makes for each HMAC costs twice
 * the work of a datagram. The text must lie in a buffer with room for a block right in front of it,
 * which is overwritten. So is the result, by the next call.
 * @throws {RangeError} when the secret is longer than a block */
export function hmacSha256(secret: Uint8Array): (text: Uint8Array) => Uint8Array {
  if (secret.length > SHA256_BLOCK_BYTES) {
    throw new RangeError(`Cannot use a secret of ${secret.length} bytes: at most a block of 64`);
  }
  const inner = new Uint8Array(SHA256_BLOCK_BYTES).fill(0x36);
  const outer = new Uint8Array(SHA256_BLOCK_BYTES + HMAC_BYTES).fill(0x5c);
  secret.forEach((byte, at) => {
    inner[at]! ^= byte;
    outer[at]! ^= byte;
  });
  const innerHash = outer.subarray(SHA256_BLOCK_BYTES);
  const mac = new Uint8Array(HMAC_BYTES);
  return (text) => {
    const start = text.byteOffset - SHA256_BLOCK_BYTES;
    const padded = new Uint8Array(text.buffer, start, SHA256_BLOCK_BYTES + text.length);
    padded.set(inner);
    sha256(padded, innerHash);
    return sha256(outer, mac);
  };
}

/** Digits of hexadecimal, which the runtime makes in one call, take half the time of a buffer. */
function sha256(bytes: Uint8Array, into: Uint8Array): Uint8Array {
  into.setFromHex(hash("sha256", bytes, "hex"));
  return into;
}

function identityOf(key: Key): Identity {
  return { name: keyName(key), source: "signature", fingerprint: keyFingerprint(key) };
}
