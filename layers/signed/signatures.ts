// Signing with Ed25519 (RFC 8032) or HMAC-SHA-256 (RFC 2104), over a domain, the stamp, whom an answer
// is for, and the payload. docs/signed.md has the format and test vectors.

import { Buffer } from "node:buffer";
import { sign, timingSafeEqual, verify } from "node:crypto";
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
import type { Opener, OpeningKey, Sealer, SealingKey } from "../stamped/protection.ts";
import { scratchBytes } from "../stamped/scratch.ts";
import { algorithm, KEY_ID_BYTES, STAMP_BYTES } from "../stamped/stamp.ts";
import { hmacSha256, SHA256_BLOCK_BYTES } from "./hmac_sha256.ts";

const HMAC_BYTES = 32;
const ED25519_BYTES = 64;
const DOMAIN = Buffer.from("sockdock signed 1\0");

/** What a secret in common does for both directions. */
export function hmacKey(key: SharedKey): SealingKey & OpeningKey {
  const mac = hmacSha256(key.secret);
  const self: SealingKey & OpeningKey = {
    algorithm: algorithm.hmacSha256,
    id: idOf(key),
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

/** What our own Ed25519 key does: it signs. */
export function ed25519Signer(key: PrivateKey): SealingKey {
  const signature = (signed: Uint8Array) => sign(null, signed, key.privateKey);
  return {
    algorithm: algorithm.ed25519,
    id: idOf(key),
    tagBytes: ED25519_BYTES,
    sealer: () => signer(ED25519_BYTES, signature),
  };
}

/** What the public key of a sender does.
 *
 * @param answer what answers to that sender are signed with */
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
    id: idOf(key),
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

/** The domain, the stamp, the recipient and the payload, in memory that the next call uses again and
 * that has room for a block of SHA-256 in front of it. The direction in the stamp says
 * whether there is a recipient, and it has a fixed length, so no two texts are the same. */
function signedText(datagram: Uint8Array, tagBytes: number, recipient: Uint8Array): Uint8Array {
  const end = datagram.length - tagBytes;
  // The hash of HMAC puts a block before it.
  const room = scratchBytes(SHA256_BLOCK_BYTES + DOMAIN.length + recipient.length + end);
  let at = SHA256_BLOCK_BYTES;
  for (
    const part of [
      DOMAIN,
      datagram.subarray(0, STAMP_BYTES),
      recipient,
      datagram.subarray(STAMP_BYTES, end),
    ]
  ) {
    room.set(part, at);
    at += part.length;
  }
  return room.subarray(SHA256_BLOCK_BYTES);
}

function idOf(key: Key): Uint8Array {
  return new Uint8Array(Buffer.from(keyFingerprint(key), "hex").subarray(0, KEY_ID_BYTES));
}

function identityOf(key: Key): Identity {
  return { name: keyName(key), source: "signature", fingerprint: keyFingerprint(key) };
}
