// A zip file as a stream (PKWARE's APPNOTE 6.3.10). Members are stored and not compressed: that
// costs the server little, and most large files are compressed already. A file that fits into one
// piece is written with its size and checksum in front, which every reader understands; a larger
// one has them behind it, in a data descriptor. Beyond 4 GiB or 65,535 members, numbers are in
// zip64 fields.
//
// Memory holds one piece of one file, and the directory entry of every member.

import { type ArchiveMember, PIECE_BYTES, readPiece } from "./member.ts";

const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

/** Names are UTF-8. */
const FLAG_UTF8 = 0x0800;
/** Size and checksum are behind the content. */
const FLAG_DESCRIPTOR = 0x0008;

const VERSION = 20;
const VERSION_ZIP64 = 45;
/** Attributes are those of Unix. */
const MADE_BY = 3 << 8 | VERSION_ZIP64;

const encoder = new TextEncoder();

/** The fields that the local and the central header of a member share. */
interface Header {
  readonly name: Uint8Array;
  readonly modifiedMs: number;
  readonly mode: number;
  readonly flags: number;
  readonly offset: number;
  crc: number;
  bytes: number;
}

/** The bytes of an archive of these members, in their order. */
export async function* zip(
  members: AsyncIterable<ArchiveMember>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { crc32 } = await import("node:zlib");
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;

  function counted(piece: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    offset += piece.length;
    return piece;
  }

  for await (const member of members) {
    const { modifiedMs } = member;
    if (member.kind === "folder") {
      const name = encoder.encode(`${member.path}/`);
      const header = {
        name,
        modifiedMs,
        mode: 0o40755,
        flags: FLAG_UTF8,
        offset,
        crc: 0,
        bytes: 0,
      };
      yield counted(localHeader(header));
      directory.push(directoryHeader(header));
      continue;
    }
    using content = await member.open();
    if (content === null) continue;
    const first = await readPiece(content, content.bytes);
    const whole = first.length === content.bytes || first.length < PIECE_BYTES;
    const header: Header = {
      name: encoder.encode(member.path),
      modifiedMs,
      mode: content.executable ? 0o100755 : 0o100644,
      flags: FLAG_UTF8 | (whole ? 0 : FLAG_DESCRIPTOR),
      offset,
      crc: crc32(first),
      bytes: first.length,
    };
    const zip64 = content.bytes >= MAX_32;
    yield counted(localHeader(header, zip64));
    if (first.length > 0) yield counted(first);
    while (!whole && header.bytes < content.bytes) {
      const piece = await readPiece(content, content.bytes - header.bytes);
      // The file became shorter. The descriptor has the actual size, so the archive is valid.
      if (piece.length === 0) break;
      header.crc = crc32(piece, header.crc);
      header.bytes += piece.length;
      yield counted(piece);
    }
    if (!whole) yield counted(descriptor(header, zip64));
    directory.push(directoryHeader(header));
  }

  const start = offset;
  for (const header of directory) yield counted(header);
  yield directoryEnd(directory.length, start, offset - start);
}

function localHeader(header: Header, zip64 = false): Uint8Array<ArrayBuffer> {
  const { flags, name } = header;
  const behind = (flags & FLAG_DESCRIPTOR) !== 0;
  const extra = zip64 ? 20 : 0;
  const times = timesLength(header);
  const writer = new Writer(30 + name.length + extra + times);
  writer.u32(0x04034b50).u16(zip64 ? VERSION_ZIP64 : VERSION).u16(flags).u16(0);
  writer.u32(dosTime(header.modifiedMs)).u32(behind ? 0 : header.crc);
  const size = zip64 ? MAX_32 : behind ? 0 : header.bytes;
  writer.u32(size).u32(size).u16(name.length).u16(extra + times).put(name);
  if (zip64) writer.u16(1).u16(16).u64(0).u64(0);
  return writer.times(header).bytes;
}

function descriptor({ crc, bytes }: Header, zip64: boolean): Uint8Array<ArrayBuffer> {
  const writer = new Writer(zip64 ? 24 : 16).u32(0x08074b50).u32(crc);
  return (zip64 ? writer.u64(bytes).u64(bytes) : writer.u32(bytes).u32(bytes)).bytes;
}

function directoryHeader(header: Header): Uint8Array<ArrayBuffer> {
  const { name, bytes, offset } = header;
  const large = bytes >= MAX_32;
  const far = offset >= MAX_32;
  const fields = (large ? 16 : 0) + (far ? 8 : 0);
  const extra = fields === 0 ? 0 : 4 + fields;
  const times = timesLength(header);
  const writer = new Writer(46 + name.length + extra + times);
  writer.u32(0x02014b50).u16(MADE_BY).u16(fields === 0 ? VERSION : VERSION_ZIP64);
  writer.u16(header.flags).u16(0).u32(dosTime(header.modifiedMs)).u32(header.crc);
  const size = large ? MAX_32 : bytes;
  writer.u32(size).u32(size).u16(name.length).u16(extra + times).u16(0).u16(0).u16(0);
  // The low byte holds the attributes of DOS, where 16 is a folder.
  writer.u32(header.mode * 0x10000 + (header.mode >= 0o100000 ? 0 : 16));
  writer.u32(far ? MAX_32 : offset).put(name);
  if (fields > 0) writer.u16(1).u16(fields);
  if (large) writer.u64(bytes).u64(bytes);
  if (far) writer.u64(offset);
  return writer.times(header).bytes;
}

function directoryEnd(count: number, start: number, bytes: number): Uint8Array<ArrayBuffer> {
  const zip64 = count >= MAX_16 || start >= MAX_32 || bytes >= MAX_32;
  const writer = new Writer(zip64 ? 56 + 20 + 22 : 22);
  if (zip64) {
    writer.u32(0x06064b50).u64(44).u16(MADE_BY).u16(VERSION_ZIP64).u32(0).u32(0);
    writer.u64(count).u64(count).u64(bytes).u64(start);
    writer.u32(0x07064b50).u32(0).u64(start + bytes).u32(1);
  }
  const shown = Math.min(count, MAX_16);
  writer.u32(0x06054b50).u16(0).u16(0).u16(shown).u16(shown);
  return writer.u32(Math.min(bytes, MAX_32)).u32(Math.min(start, MAX_32)).u16(0).bytes;
}

/** Local time by the format's definition, so that of the server's clock in UTC; two seconds are its
 * smallest step, and it knows the years from 1980 to 2107. */
function dosTime(ms: number): number {
  const lowest = Date.UTC(1980, 0, 1);
  const time = new Date(Math.min(Math.max(ms, lowest), Date.UTC(2107, 11, 31)));
  const day = (time.getUTCFullYear() - 1980) << 9 | (time.getUTCMonth() + 1) << 5 |
    time.getUTCDate();
  const clock = time.getUTCHours() << 11 | time.getUTCMinutes() << 5 | time.getUTCSeconds() >> 1;
  return day * 0x10000 + clock;
}

/** The exact time has an extra field of its own, which ends in 2038. */
function timesLength({ modifiedMs }: Header): number {
  return modifiedMs >= 0 && modifiedMs / 1000 <= 0x7fffffff ? 9 : 0;
}

/** Numbers one after the other, the lowest byte first. */
class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  u64(value: number): this {
    this.#view.setBigUint64(this.#at, BigInt(value), true);
    this.#at += 8;
    return this;
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  times(header: Header): this {
    if (timesLength(header) === 0) return this;
    this.u16(0x5455).u16(5);
    this.bytes[this.#at++] = 1;
    return this.u32(Math.floor(header.modifiedMs / 1000));
  }
}
