// Seals and opens DTLS records (RFC 5246 6.2.3.3, with the nonces of RFC 5288 3, RFC 6655
// 3 and RFC 7905 2).

import { type Aead, aeadOf } from "../crypto/aead.ts";
import type { DirectionKeys } from "../crypto/key_schedule.ts";
import { type DtlsRecord, RECORD_HEADER_BYTES, writeRecordHeader } from "./format.ts";
import type { RecordCipher } from "../crypto/suites.ts";

const NONCE_BYTES = 12;
/** Epoch and sequence number, which stand in a record's header from here on. */
const SEQUENCE_OFFSET = 3;
const SEQUENCE_BYTES = 8;

/** The most that any of the ciphers adds to what a record holds. */
export const MAX_SEAL_BYTES = 8 + 16;

/** One direction of an epoch. */
export class RecordProtection {
  readonly #cipher: RecordCipher;
  readonly #aead: Aead;
  readonly #fixedNonce: Uint8Array;
  readonly #additionalData = new Uint8Array(SEQUENCE_BYTES + 5);
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  constructor(cipher: RecordCipher, { key, fixedNonce }: DirectionKeys) {
    this.#cipher = cipher;
    this.#aead = aeadOf(cipher, key);
    this.#fixedNonce = fixedNonce;
  }

  /** A whole record around some plaintext. */
  seal(type: number, epoch: number, sequence: number, plain: Uint8Array): Uint8Array {
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    const length = explicitNonceBytes + plain.length + tagBytes;
    const record = new Uint8Array(RECORD_HEADER_BYTES + length);
    writeRecordHeader(record, type, epoch, sequence, length);
    const counted = record.subarray(SEQUENCE_OFFSET, SEQUENCE_OFFSET + SEQUENCE_BYTES);
    // The sequence number makes the nonce unique: no other record under this key has it.
    if (explicitNonceBytes > 0) record.set(counted, RECORD_HEADER_BYTES);
    const nonce = this.#nonceOf(counted, counted);
    const additionalData = this.#additionalDataOf(record, plain.length);
    this.#aead.seal(nonce, additionalData, plain, record, RECORD_HEADER_BYTES + explicitNonceBytes);
    return record;
  }

  /** The content of a record, or null when it is not authentic. */
  open({ fragment, whole }: DtlsRecord): Uint8Array | null {
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    const length = fragment.length - explicitNonceBytes - tagBytes;
    if (length < 0) return null;
    const counted = whole.subarray(SEQUENCE_OFFSET, SEQUENCE_OFFSET + SEQUENCE_BYTES);
    const nonce = this.#nonceOf(counted, fragment.subarray(0, explicitNonceBytes));
    const additionalData = this.#additionalDataOf(whole, length);
    return this.#aead.open(nonce, additionalData, fragment.subarray(explicitNonceBytes));
  }

  #nonceOf(counted: Uint8Array, explicit: Uint8Array): Uint8Array {
    const nonce = this.#nonce;
    nonce.set(this.#fixedNonce);
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
