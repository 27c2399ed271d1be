// AES-256-GCM (NIST SP 800-38D, docs/sealed.md): each sender's subkey is made of the common key and
// its random instance (HKDF, RFC 5869), and its counter is the nonce.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { keyFingerprint, keyName, type SharedKey } from "../../core/keys/key.ts";
import { keyIdOf, type OpeningKey, type SealingKey } from "../stamped/protection.ts";
import { algorithm, type Direction, field, STAMP_BYTES } from "../stamped/stamp.ts";

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const SUBKEY_BYTES = 32;
const DOMAIN = "sockdock sealed 1\0";

/** A shared key, which seals and opens in both directions. */
export function aesGcmKey(key: SharedKey): SealingKey & OpeningKey {
  const self: SealingKey & OpeningKey = {
    algorithm: algorithm.aes256Gcm,
    id: keyIdOf(key),
    tagBytes: TAG_BYTES,
    identity: { name: keyName(key), source: "psk", fingerprint: keyFingerprint(key) },
    get answer() {
      return self;
    },
    sealer(instance, way) {
      const subkey = subkeyOf(key, instance, way);
      return (into, payload, recipient) => {
        const cipher = createCipheriv("aes-256-gcm", subkey, nonceOf(into));
        cipher.setAAD(associatedData(into, recipient));
        into.set(cipher.update(payload), STAMP_BYTES);
        cipher.final();
        into.set(cipher.getAuthTag(), STAMP_BYTES + payload.length);
      };
    },
    opener(instance, way) {
      const subkey = subkeyOf(key, instance, way);
      return (datagram, recipient) => {
        const end = datagram.length - TAG_BYTES;
        const decipher = createDecipheriv("aes-256-gcm", subkey, nonceOf(datagram), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(associatedData(datagram, recipient));
        decipher.setAuthTag(datagram.subarray(end));
        const payload = decipher.update(datagram.subarray(STAMP_BYTES, end));
        try {
          decipher.final();
        } catch {
          return null;
        }
        return payload;
      };
    },
  };
  return self;
}

function subkeyOf({ secret }: SharedKey, instance: Uint8Array, way: Direction): Uint8Array {
  const info = Buffer.concat([Buffer.from(DOMAIN), Uint8Array.of(way)]);
  return new Uint8Array(hkdfSync("sha256", secret, instance, info, SUBKEY_BYTES));
}

/** Four zeros and the counter. */
function nonceOf(datagram: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(datagram.subarray(field.counter, field.time), NONCE_BYTES - 8);
  return nonce;
}

function associatedData(datagram: Uint8Array, recipient: Uint8Array): Uint8Array {
  const stamp = datagram.subarray(0, STAMP_BYTES);
  if (recipient.length === 0) return stamp;
  const data = new Uint8Array(STAMP_BYTES + recipient.length);
  data.set(stamp);
  data.set(recipient, STAMP_BYTES);
  return data;
}
