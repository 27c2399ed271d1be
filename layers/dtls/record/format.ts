// The form of DTLS records on the wire (RFC 6347 4.1).

/** The content types of records (RFC 5246 6.2.1). */
export const contentTypes = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
} as const;

/** DTLS counts its versions down (RFC 6347 4.1). */
export const DTLS_1_2 = 0xfefd;
export const DTLS_1_0 = 0xfeff;

export const RECORD_HEADER_BYTES = 13;

/** The most that a record holds before it is sealed (RFC 5246 6.2.1). */
export const MAX_PLAINTEXT_BYTES = 1 << 14;

/** The most that sealing may add (RFC 5246 6.2.3). */
const MAX_EXPANSION_BYTES = 2048;

/** Sequence numbers have 48 bits. */
export const MAX_SEQUENCE = 2 ** 48 - 1;

/** One record, still sealed where it is. */
export interface DtlsRecord {
  readonly type: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly fragment: Uint8Array;
  /** With its header, as it came. */
  readonly whole: Uint8Array;
}

/** Reads the record at `offset`. Returns null when what is there is none, which ends the datagram:
 * invalid records are dropped without a word (RFC 6347 4.1.2.7). */
export function readRecord(datagram: Uint8Array, offset: number): DtlsRecord | null {
  if (datagram.length - offset < RECORD_HEADER_BYTES) return null;
  const byte = (at: number): number => datagram[offset + at]!;
  const uint16 = (at: number): number => byte(at) << 8 | byte(at + 1);
  const version = uint16(1);
  // The version of a first ClientHello may be older (RFC 6347 4.2.1).
  if (version !== DTLS_1_2 && version !== DTLS_1_0) return null;
  const length = uint16(11);
  const end = offset + RECORD_HEADER_BYTES + length;
  if (end > datagram.length || length > MAX_PLAINTEXT_BYTES + MAX_EXPANSION_BYTES) return null;
  return {
    type: byte(0),
    epoch: uint16(3),
    sequence: uint16(5) * 2 ** 32 + uint16(7) * 2 ** 16 + uint16(9),
    fragment: datagram.subarray(offset + RECORD_HEADER_BYTES, end),
    whole: datagram.subarray(offset, end),
  };
}

/** Writes the header of a record to the front of `into`. */
export function writeRecordHeader(
  into: Uint8Array,
  type: number,
  epoch: number,
  sequence: number,
  length: number,
  version: number = DTLS_1_2,
): void {
  const view = new DataView(into.buffer, into.byteOffset, RECORD_HEADER_BYTES);
  view.setUint8(0, type);
  view.setUint16(1, version);
  view.setUint16(3, epoch);
  view.setUint16(5, Math.floor(sequence / 2 ** 32));
  view.setUint32(7, sequence);
  view.setUint16(11, length);
}

/** A record that is not sealed, as all are before the keys are there. */
export function plainRecord(
  type: number,
  sequence: number,
  fragment: Uint8Array,
  version?: number,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_BYTES + fragment.length);
  writeRecordHeader(record, type, 0, sequence, fragment.length, version);
  record.set(fragment, RECORD_HEADER_BYTES);
  return record;
}
