// Seals and opens DTLS records (RFC 5246 6.2.3.3, with the nonces of RFC 5288 3, RFC 6655 3 and RFC
// 7905 2, and the connection ids of RFC 9146 4 and 5).

import { byteCutter } from "../../../core/sessions/small_bytes.ts";
import type { Aead } from "../../aead/aead.ts";
import { aeadOf } from "../crypto/aead.ts";
import type { DirectionKeys } from "../crypto/key_schedule.ts";
import {
  contentTypes,
  type DtlsRecord,
  headerField,
  RECORD_HEADER_BYTES,
  writeHeaderStart,
} from "./format.ts";
import type { RecordCipher } from "../crypto/suites.ts";

const NONCE_BYTES = 12;
/** Epoch and sequence number. */
const COUNTED_BYTES = 8;

/** The most that any of the ciphers adds to what a record holds. */
export const MAX_SEAL_BYTES = 8 + 16;

/** An array for a record or for what it holds, cut from a block: one of its own takes longer to make
 * than a small record to seal. */
const recordBytes = byteCutter(64 * 1024, 4096);

export const NO_CONNECTION_ID = new Uint8Array(0);

/** One direction of an epoch. */
export class RecordProtection {
  readonly #cipher: RecordCipher;
  readonly #aead: Aead;
  readonly #fixedNonce: Uint8Array;
  readonly #connectionId: Uint8Array;
  readonly #additionalData: Uint8Array;
  readonly #nonce = new Uint8Array(NONCE_BYTES);

  /** @param connectionId stands in each record of this direction, unless it is empty */
  constructor(
    cipher: RecordCipher,
    { key, fixedNonce }: DirectionKeys,
    connectionId: Uint8Array = NO_CONNECTION_ID,
  ) {
    this.#cipher = cipher;
    this.#aead = aeadOf(cipher, key);
    this.#fixedNonce = fixedNonce;
    this.#connectionId = connectionId;
    const { length } = connectionId;
    this.#additionalData = new Uint8Array(COUNTED_BYTES + 5 + (length === 0 ? 0 : 10 + length));
    if (length > 0) {
      // RFC 9146 5.3: what no other record begins with.
      this.#additionalData.fill(0xff, 0, COUNTED_BYTES);
      this.#additionalData.set([contentTypes.withConnectionId, length], COUNTED_BYTES);
    }
  }

  /** The bytes of the connection id in each record. */
  get connectionIdBytes(): number {
    return this.#connectionId.length;
  }

  /** A whole record around some plaintext. */
  seal(type: number, epoch: number, sequence: number, plain: Uint8Array): Uint8Array {
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    const idBytes = this.#connectionId.length;
    let content = plain;
    if (idBytes > 0) {
      // RFC 9146 4: the real type is sealed behind the content. Nothing fills it up.
      content = recordBytes(plain.length + 1);
      content.set(plain);
      content[plain.length] = type;
    }
    const start = RECORD_HEADER_BYTES + idBytes;
    const length = explicitNonceBytes + content.length + tagBytes;
    const record = recordBytes(start + length);
    writeHeaderStart(record, idBytes > 0 ? contentTypes.withConnectionId : type, epoch, sequence);
    if (idBytes > 0) record.set(this.#connectionId, headerField.connectionId);
    record[start - 2] = length >> 8;
    record[start - 1] = length;
    // The sequence number makes the nonce unique: no other record under this key has it.
    for (let at = 0; at < explicitNonceBytes; at++) {
      record[start + at] = record[headerField.epoch + at]!;
    }
    this.#useNonce(record, explicitNonceBytes > 0 ? start : headerField.epoch);
    this.#useHeader(record, 0, content.length);
    this.#aead.seal(this.#nonce, this.#additionalData, content, record, start + explicitNonceBytes);
    return record;
  }

  /** The content of a record, or null when it is not authentic. */
  open(record: DtlsRecord): Uint8Array | null {
    const { datagram, start, fragmentStart, end } = record;
    const { explicitNonceBytes, tagBytes } = this.#cipher;
    const length = end - fragmentStart - explicitNonceBytes - tagBytes;
    if (length < 0 || !this.#isNamed(record)) return null;
    this.#useNonce(datagram, explicitNonceBytes > 0 ? fragmentStart : start + headerField.epoch);
    this.#useHeader(datagram, start, length);
    const sealed = datagram.subarray(fragmentStart + explicitNonceBytes, end);
    const plain = this.#aead.open(this.#nonce, this.#additionalData, sealed);
    return plain === null || this.#connectionId.length === 0 ? plain : unwrap(record, plain);
  }

  /** Whether a record has our connection id, or none where none was agreed on: only with the keys does
   * that mean anything, but a wrong one need not be tried (RFC 9146 3). */
  #isNamed({ datagram, start, fragmentStart }: DtlsRecord): boolean {
    const id = this.#connectionId;
    if (fragmentStart - start !== RECORD_HEADER_BYTES + id.length) return false;
    for (let at = 0; at < id.length; at++) {
      if (datagram[start + headerField.connectionId + at] !== id[at]) return false;
    }
    return true;
  }

  /** @param at where in `from` the part of the nonce is that changes */
  #useNonce(from: Uint8Array, at: number): void {
    const nonce = this.#nonce;
    const fixed = this.#fixedNonce;
    // A fixed part as long as the nonce is mixed with what changes, a shorter one stands before it.
    for (let place = 0; place < NONCE_BYTES; place++) {
      const counted = place < NONCE_BYTES - COUNTED_BYTES
        ? 0
        : from[at + place - (NONCE_BYTES - COUNTED_BYTES)]!;
      nonce[place] = (place < fixed.length ? fixed[place]! : 0) ^ counted;
    }
  }

  /** Epoch and sequence number, type, version, and the length of the plaintext; with a connection id,
   * the header as it is behind what was put there for good. */
  #useHeader(from: Uint8Array, start: number, length: number): void {
    const data = this.#additionalData;
    const idBytes = this.#connectionId.length;
    if (idBytes > 0) {
      for (let at = 0; at < headerField.connectionId + idBytes; at++) {
        data[COUNTED_BYTES + 2 + at] = from[start + at]!;
      }
    } else {
      for (let at = 0; at < COUNTED_BYTES; at++) data[at] = from[start + headerField.epoch + at]!;
      for (let at = 0; at < 3; at++) data[COUNTED_BYTES + at] = from[start + at]!;
    }
    data[data.length - 2] = length >> 8;
    data[data.length - 1] = length;
  }
}

/** Takes the real type of a record off, which is the last byte that is not zero (RFC 9146 4); null when
 * there is none. */
function unwrap(record: DtlsRecord, inner: Uint8Array): Uint8Array | null {
  let last = inner.length - 1;
  while (last >= 0 && inner[last] === 0) last--;
  if (last < 0) return null;
  record.type = inner[last]!;
  return inner.subarray(0, last);
}
