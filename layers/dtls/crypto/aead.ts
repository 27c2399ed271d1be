// The authenticated ciphers of records behind one face (RFC 5116): ChaCha20-Poly1305 of ours where it
// runs, those of node:crypto, and CCM.

import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import { chaCha20Poly1305 } from "../../aead/chacha20_poly1305.ts";
import { openCcm, sealCcm } from "./ccm.ts";
import type { RecordCipher } from "./suites.ts";

/** One direction's cipher and key. */
export interface Aead {
  /** Writes the ciphertext and its tag into `record` from `at` on. */
  seal(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    plain: Uint8Array,
    record: Uint8Array,
    at: number,
  ): void;
  /** The plaintext of a ciphertext with its tag, or null when it is not authentic. */
  open(
    nonce: Uint8Array,
    additionalData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | null;
}

export function aeadOf({ name, tagBytes }: RecordCipher, key: Uint8Array): Aead {
  if (name === "aes-128-ccm") {
    return {
      seal: (nonce, additionalData, plain, record, at) =>
        record.set(sealCcm({ key, nonce, additionalData, tagBytes }, plain), at),
      open: (nonce, additionalData, sealed) =>
        openCcm({ key, nonce, additionalData, tagBytes }, sealed),
    };
  }
  const fast = name === "chacha20-poly1305" ? chaCha20Poly1305(key) : null;
  if (fast !== null) return fast;
  const algorithm = name as CipherGCMTypes;
  return {
    seal(nonce, additionalData, plain, record, at) {
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(additionalData);
      record.set(cipher.update(plain), at);
      cipher.final();
      record.set(cipher.getAuthTag(), at + plain.length);
    },
    open(nonce, additionalData, sealed) {
      const length = sealed.length - tagBytes;
      const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(additionalData);
      decipher.setAuthTag(sealed.subarray(length));
      const plain = decipher.update(sealed.subarray(0, length));
      try {
        decipher.final();
      } catch {
        return null;
      }
      return plain;
    },
  };
}
