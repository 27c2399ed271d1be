// Keys that seal with AES-256-GCM (NIST SP 800-38D) or ChaCha20-Poly1305 (RFC 8439), as docs/sealed.md
// has it: each sender's subkey is made of the common key and its random instance (HKDF, RFC 5869), and
// its counter is the nonce.

import { Buffer } from "node:buffer";
import { hkdfSync } from "node:crypto";
import { keyFingerprint, keyName, type SharedKey } from "../../core/keys/key.ts";
import { aead, type AeadName } from "../aead/aead.ts";
import { keyIdOf, type OpeningKey, type SealingKey } from "../stamped/protection.ts";
import { type Algorithm, algorithm, type Direction, field, STAMP_BYTES } from "../stamped/stamp.ts";

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const COUNTER_BYTES = field.time - field.counter;
const SUBKEY_BYTES = 32;

interface Kind {
  readonly cipher: AeadName;
  readonly algorithm: Algorithm;
  /** Keeps what is derived of one secret for one cipher apart from all else. */
  readonly domain: string;
}

const kinds = {
  "aes-gcm": {
    cipher: "aes-256-gcm",
    algorithm: algorithm.aes256Gcm,
    domain: "sockdock sealed 1\0",
  },
  chacha20: {
    cipher: "chacha20-poly1305",
    algorithm: algorithm.chaCha20Poly1305,
    domain: "sockdock sealed chacha20 1\0",
  },
} as const satisfies Record<string, Kind>;

/** A key of a kind that seals in this format. */
export interface AeadSharedKey extends SharedKey {
  readonly kind: keyof typeof kinds;
}

/** A shared key, which seals and opens in both directions. */
export function aeadKey(key: AeadSharedKey): SealingKey & OpeningKey {
  const kind = kinds[key.kind];
  const self: SealingKey & OpeningKey = {
    algorithm: kind.algorithm,
    id: keyIdOf(key),
    tagBytes: TAG_BYTES,
    identity: { name: keyName(key), source: "psk", fingerprint: keyFingerprint(key) },
    get answer() {
      return self;
    },
    sealer(instance, way) {
      const cipher = aead(kind.cipher, subkeyOf(key, kind, instance, way));
      const nonceOf = nonces();
      const dataOf = associatedData();
      return (into, payload, recipient) =>
        cipher.seal(nonceOf(into), dataOf(into, recipient), payload, into, STAMP_BYTES);
    },
    opener(instance, way) {
      const cipher = aead(kind.cipher, subkeyOf(key, kind, instance, way));
      const nonceOf = nonces();
      const dataOf = associatedData();
      return (datagram, recipient) =>
        cipher.open(
          nonceOf(datagram),
          dataOf(datagram, recipient),
          datagram.subarray(STAMP_BYTES),
        );
    },
  };
  return self;
}

function subkeyOf(
  { secret }: SharedKey,
  { domain }: Kind,
  instance: Uint8Array,
  way: Direction,
): Uint8Array {
  const info = Buffer.concat([Buffer.from(domain), Uint8Array.of(way)]);
  return new Uint8Array(hkdfSync("sha256", secret, instance, info, SUBKEY_BYTES));
}

/** Four zeros and the counter, in memory that the next datagram uses again. */
function nonces(): (datagram: Uint8Array) => Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  return (datagram) => {
    for (let at = 0; at < COUNTER_BYTES; at++) {
      nonce[NONCE_BYTES - COUNTER_BYTES + at] = datagram[field.counter + at]!;
    }
    return nonce;
  };
}

/** The stamp and the recipient, in memory that the next datagram uses again. */
function associatedData(): (datagram: Uint8Array, recipient: Uint8Array) => Uint8Array {
  let data = new Uint8Array(STAMP_BYTES);
  return (datagram, recipient) => {
    const length = STAMP_BYTES + recipient.length;
    if (data.length !== length) data = new Uint8Array(length);
    for (let at = 0; at < STAMP_BYTES; at++) data[at] = datagram[at]!;
    for (let at = 0; at < recipient.length; at++) data[STAMP_BYTES + at] = recipient[at]!;
    return data;
  };
}
