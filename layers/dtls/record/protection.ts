// Seals and opens DTLS records (RFC 5246 6.2.3.3, with the nonces of RFC 5288 3 and RFC 7905 2).

import { type CipherGCMTypes, createCipheriv, createDecipheriv } from "node:crypto";
import type { DirectionKeys } from "../crypto/key_schedule.ts";
import { type DtlsRecord, RECORD_HEADER_BYTES, writeRecordHeader } from "./format.ts";
import type { RecordCipher } from "../crypto/suites.ts";

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** Epoch and sequence number, which stand in a record's header from here on. */
const SEQUENCE_OFFSET = 3;
const SEQUENCE_BYTES = 8;

/** The most that any of the ciphers adds to what a record holds. */
export const MAX_SEAL_BYTES = 8 + TAG_BYTES;

/** One direction of an epoch. */
export class RecordProtection {
  readonly #cipher: RecordCipher;
  readonly #keys: DirectionKeys;
  readonly #additionalData = new Uint8Array(SEQUENCE_BYTES + 5);
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  constructor(cipher: RecordCipher, keys: DirectionKeys) {
    this.#cipher = cipher;
    this.#keys = keys;
  }

  /** A whole record around some plaintext. */
  seal(type: number, epoch: number, sequence: number, plain: Uint8Array): Uint8Array {
    const { explicitNonceBytes } = this.#cipher;
    const length = explicitNonceBytes + plain.length + TAG_BYTES;
    const record = new Uint8Array(RECORD_HEADER_BYTES + length);
    writeRecordHeader(record, type, epoch, sequence, length);
    const counted = record.subarray(SEQUENCE_OFFSET, SEQUENCE_OFFSET + SEQUENCE_BYTES);
    const start = RECORD_HEADER_BYTES + explicitNonceBytes;
    // The sequence number makes the nonce unique: no other record under this key has it.
    if (explicitNonceBytes > 0) record.set(counted, RECORD_HEADER_BYTES);
    const cipher = createCipheriv(
      this.#cipher.name as CipherGCMTypes,
      this.#keys.key,
      this.#nonceOf(counted, counted),
      { authTagLength: TAG_BYTES },
    );
    cipher.setAAD(this.#additionalDataOf(record, plain.length));
    record.set(cipher.update(plain), start);
    cipher.final();
    record.set(cipher.getAuthTag(), start + plain.length);
    return record;
  }

  /** The content of a record, or null when it is not authentic. */
  open({ fragment, whole }: DtlsRecord): Uint8Array | null {
    const { explicitNonceBytes } = this.#cipher;
    const length = fragment.length - explicitNonceBytes - TAG_BYTES;
    if (length < 0) return null;
    const counted = whole.subarray(SEQUENCE_OFFSET, SEQUENCE_OFFSET + SEQUENCE_BYTES);
    const decipher = createDecipheriv(
      this.#cipher.name as CipherGCMTypes,
      this.#keys.key,
      this.#nonceOf(counted, fragment.subarray(0, explicitNonceBytes)),
      { authTagLength: TAG_BYTES },
    );
    decipher.setAAD(this.#additionalDataOf(whole, length));
    decipher.setAuthTag(fragment.subarray(explicitNonceBytes + length));
    const plain = decipher.update(
      fragment.subarray(explicitNonceBytes, explicitNonceBytes + length),
    );
    try {
      decipher.final();
    } catch {
      return null;
    }
    return plain;
  }

  #nonceOf(counted: Uint8Array, explicit: Uint8Array): Uint8Array {
    const nonce = this.#nonce;
    nonce.set(this.#keys.fixedNonce);
    if (this.#cipher.explicitNonceBytes > 0) {
      nonce.set(explicit, NONCE_BYTES - SEQUENCE_BYTES);
      return nonce;
    }
    for (let at = 0; at < SEQUENCE_BYTES; at++) {
      const place = NONCE_BYTES - SEQUENCE_BYTES + at;
      nonce[place] = nonce[place]! ^ counted[at]!;
    }
    return nonce;
  }

  /** Epoch and sequence number, type, version, and the length of the plaintext. */
  #additionalDataOf(header: Uint8Array, length: number): Uint8Array {
    const data = this.#additionalData;
    data.set(header.subarray(SEQUENCE_OFFSET, SEQUENCE_OFFSET + SEQUENCE_BYTES));
    data.set(header.subarray(0, SEQUENCE_OFFSET), SEQUENCE_BYTES);
    data[SEQUENCE_BYTES + 3] = length >> 8;
    data[SEQUENCE_BYTES + 4] = length;
    return data;
  }
}
