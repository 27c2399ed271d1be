// Authenticated encryption with associated data (RFC 5116), for the layers that seal datagrams.
// ChaCha20-Poly1305 is a program of ours, which for a datagram is several times as fast as what the
// runtime has; AES-GCM is that of node:crypto, since without the processor's own instructions it would
// either be slow or look tables up by secrets, which time betrays.

import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import { chaCha20Poly1305 } from "./chacha20_poly1305.ts";
import { TAG_BYTES } from "./program.ts";

export type AeadName = "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";

/** A cipher with its key. */
export interface Aead {
  /** Writes the ciphertext and its tag into `into` from `at` on.
   * @param nonce 12 bytes, never the same twice under a key */
  seal(
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plain: Uint8Array,
    into: Uint8Array,
    at: number,
  ): void;
  /** The plaintext of a ciphertext with its tag, or null when it is not authentic. */
  open(nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array | null;
}

/** Every tag has 16 bytes. */
export function aead(name: AeadName, key: Uint8Array): Aead {
  return (name === "chacha20-poly1305" ? chaCha20Poly1305(key) : null) ?? nodeAead(name, key);
}

function nodeAead(name: AeadName, key: Uint8Array): Aead {
  const algorithm = name as CipherGCMTypes;
  const options = { authTagLength: TAG_BYTES };
  return {
    seal(nonce, associatedData, plain, into, at) {
      const cipher = createCipheriv(algorithm, key, nonce, options);
      cipher.setAAD(associatedData);
      into.set(cipher.update(plain), at);
      cipher.final();
      into.set(cipher.getAuthTag(), at + plain.length);
    },
    open(nonce, associatedData, sealed) {
      const length = sealed.length - TAG_BYTES;
      if (length < 0) return null;
      const decipher = createDecipheriv(algorithm, key, nonce, options);
      decipher.setAAD(associatedData);
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
