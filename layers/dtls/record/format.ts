// The form of DTLS records on the wire (RFC 6347 4.1), with and without a connection id (RFC 9146 4).

/** The content types of records (RFC 5246 6.2.1, RFC 9146 3, RFC 9853 4). */
export const contentTypes = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  /** A record with a connection id, whose real type is sealed. */
  withConnectionId: 25,
  returnRoutabilityCheck: 27,
} as const;

/** DTLS counts its versions down (RFC 6347 4.1). */
export const DTLS_1_2 = 0xfefd;
export const DTLS_1_0 = 0xfeff;

export const RECORD_HEADER_BYTES = 13;

/** Where each field of a header begins. A connection id stands before the length. */
export const headerField = {
  type: 0,
  version: 1,
  epoch: 3,
  sequence: 5,
  connectionId: 11,
} as const;

/** The most that a record holds before it is sealed (RFC 5246 6.2.1). */
export const MAX_PLAINTEXT_BYTES = 1 << 14;

/** The most that sealing may add (RFC 5246 6.2.3). */
const MAX_EXPANSION_BYTES = 2048;

/** Sequence numbers have 48 bits. */
export const MAX_SEQUENCE = 2 ** 48 - 1;

/** One record, still sealed where it is. It is a place in its datagram, since to cut arrays out of that
 * takes longer than to open a small record. */
export class DtlsRecord {
  readonly datagram: Uint8Array;
  readonly start: number;
  readonly fragmentStart: number;
  readonly end: number;
  readonly epoch: number;
  readonly sequence: number;
  /** The type of what it holds; with a connection id, only once it was opened. */
  type: number;

  constructor(datagram: Uint8Array, start: number, fragmentStart: number, end: number) {
    this.datagram = datagram;
    this.start = start;
    this.fragmentStart = fragmentStart;
    this.end = end;
    this.type = datagram[start]!;
    this.epoch = uint16(datagram, start + headerField.epoch);
    const sequence = start + headerField.sequence;
    this.sequence = uint16(datagram, sequence) * 2 ** 32 +
      uint16(datagram, sequence + 2) * 2 ** 16 + uint16(datagram, sequence + 4);
  }

  get fragment(): Uint8Array {
    return this.datagram.subarray(this.fragmentStart, this.end);
  }

  /** With its header, as it came. */
  get whole(): Uint8Array {
    return this.datagram.subarray(this.start, this.end);
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

/** Reads the record at `offset`. Returns null when what is there is none, which ends the datagram:
 * invalid records are dropped without a word (RFC 6347 4.1.2.7).
 * @param connectionIdBytes how long the connection id is that we have given the peer */
export function readRecord(
  datagram: Uint8Array,
  offset: number,
  connectionIdBytes = 0,
): DtlsRecord | null {
  if (datagram.length - offset < RECORD_HEADER_BYTES) return null;
  // The version of a first ClientHello may be older (RFC 6347 4.2.1).
  const version = uint16(datagram, offset + headerField.version);
  if (version !== DTLS_1_2 && version !== DTLS_1_0) return null;
  const isNamed = datagram[offset] === contentTypes.withConnectionId;
  if (isNamed && connectionIdBytes === 0) return null;
  const start = offset + RECORD_HEADER_BYTES + (isNamed ? connectionIdBytes : 0);
  if (start > datagram.length) return null;
  const length = uint16(datagram, start - 2);
  const end = start + length;
  if (end > datagram.length || length > MAX_PLAINTEXT_BYTES + MAX_EXPANSION_BYTES) return null;
  return new DtlsRecord(datagram, offset, start, end);
}

/** Writes what stands in a header before the connection id and the length. */
export function writeHeaderStart(
  into: Uint8Array,
  type: number,
  epoch: number,
  sequence: number,
  version: number = DTLS_1_2,
): void {
  // Byte by byte: a view of the array would take longer to make.
  into[0] = type;
  into[1] = version >> 8;
  into[2] = version;
  into[3] = epoch >> 8;
  into[4] = epoch;
  const high = Math.floor(sequence / 2 ** 32);
  into[5] = high >> 8;
  into[6] = high;
  into[7] = sequence >>> 24;
  into[8] = sequence >>> 16;
  into[9] = sequence >>> 8;
  into[10] = sequence;
}

/** A record that is not sealed, as all are before the keys are there. */
export function plainRecord(
  type: number,
  sequence: number,
  fragment: Uint8Array,
  version?: number,
): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_BYTES + fragment.length);
  writeHeaderStart(record, type, 0, sequence, version);
  record[11] = fragment.length >> 8;
  record[12] = fragment.length;
  record.set(fragment, RECORD_HEADER_BYTES);
  return record;
}
