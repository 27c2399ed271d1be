// The fields that every datagram of the layer reliable begins with: version, kind, checksum and
// connection id (docs/reliable.md); and numbers in network order.

import { CRC_START, finishCrc, updateCrc } from "./crc32c.ts";

/** The version of the format, the first byte of every datagram. */
const VERSION = 1;

/** The kind of a datagram, its second byte. */
export const kinds = { hello: 1, retry: 2, accept: 3, reset: 4, data: 5 } as const;

/** A connection id: 64 random bits, as two halves that a number can hold. */
export interface ConnectionId {
  readonly high: number;
  readonly low: number;
}

/** Where the checksum stands, and where the connection id. */
const CRC_AT = 2;
const ID_AT = 6;

/** The length of all these fields. */
export const PREFIX_BYTES = 14;

const UINT32 = 2 ** 32;

/** The state of the checksum after the version, each kind, and zeros where the checksum itself stands:
 * a third of the cost of beginning anew for each datagram. */
const startOfKind: Int32Array = Int32Array.from(
  { length: 256 },
  (_, kind) => updateCrc(CRC_START, Uint8Array.of(VERSION, kind, 0, 0, 0, 0), 0, ID_AT),
);

/** A connection id that cannot be guessed. */
export function newConnectionId(): ConnectionId {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return { high, low };
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

export function writeUint48(bytes: Uint8Array, at: number, value: number): void {
  writeUint16(bytes, at, Math.floor(value / UINT32));
  writeUint32(bytes, at + 2, value % UINT32);
}

export function readUint48(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * UINT32 + readUint32(bytes, at + 2);
}

export function writeConnectionId(bytes: Uint8Array, at: number, id: ConnectionId): void {
  writeUint32(bytes, at, id.high);
  writeUint32(bytes, at + 4, id.low);
}

export function readConnectionId(bytes: Uint8Array, at: number = ID_AT): ConnectionId {
  return { high: readUint32(bytes, at), low: readUint32(bytes, at + 4) };
}

export function sameId(one: ConnectionId, other: ConnectionId): boolean {
  return one.high === other.high && one.low === other.low;
}

/** Whether a datagram that has a good prefix is for this connection. */
export function isFor(bytes: Uint8Array, id: ConnectionId): boolean {
  return readUint32(bytes, ID_AT) === id.high && readUint32(bytes, ID_AT + 4) === id.low;
}

/** Writes all fields but the checksum, which `sealCrc` writes when the datagram is whole. */
export function writePrefix(bytes: Uint8Array, kind: number, id: ConnectionId): void {
  bytes[0] = VERSION;
  bytes[1] = kind;
  writeConnectionId(bytes, ID_AT, id);
}

/** Writes the checksum of the first `length` bytes into them. */
export function sealCrc(bytes: Uint8Array, length: number): void {
  writeUint32(bytes, CRC_AT, crcOf(bytes, length));
}

/** The kind of a datagram whose version and checksum are right, or null. */
export function kindOf(bytes: Uint8Array): number | null {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== VERSION) return null;
  return readUint32(bytes, CRC_AT) === crcOf(bytes, bytes.length) ? bytes[1]! : null;
}

/** The checksum over all of it, with zeros where the checksum itself stands. Its version is right. */
function crcOf(bytes: Uint8Array, length: number): number {
  return finishCrc(updateCrc(startOfKind[bytes[1]!]!, bytes, ID_AT, length));
}
