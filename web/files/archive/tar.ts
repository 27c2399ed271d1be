// Writes a tar file as a stream: POSIX ustar, with a pax header (POSIX.1-2001, pax) before members
// that ustar cannot describe: names that are long or not ASCII, and files of 8 GiB and more.

import { type ArchiveMember, ContentShrunkError, readPiece } from "./member.ts";

const BLOCK_BYTES = 512;
const MAX_NAME_BYTES = 100;
/** The largest value of eleven octal digits. */
const MAX_NUMBER = 0o77777777777;

const encoder = new TextEncoder();

interface Header {
  readonly path: string;
  /** 0 is a file, 5 a folder, x a pax header for the next one. */
  readonly type: "0" | "5" | "x";
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** The bytes of an archive of these members, in their order.
 *
 * @throws {ContentShrunkError} when a file has become shorter: its size was told before */
export async function* tar(
  members: AsyncIterable<ArchiveMember>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  for await (const { kind, path, modifiedMs, open } of members) {
    if (kind === "folder") {
      yield* header({ path: `${path}/`, type: "5", mode: 0o755, bytes: 0, modifiedMs });
      continue;
    }
    using content = await open();
    if (content === null) continue;
    const { bytes, executable } = content;
    yield* header({ path, type: "0", mode: executable ? 0o755 : 0o644, bytes, modifiedMs });
    let left = bytes;
    while (left > 0) {
      const piece = await readPiece(content, left);
      if (piece.length === 0) throw new ContentShrunkError(path);
      left -= piece.length;
      yield piece;
    }
    const padding = paddingOf(bytes);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function* header(member: Header): Generator<Uint8Array<ArrayBuffer>, void> {
  const pax = paxRecords(member);
  if (pax.length > 0) {
    yield block({ ...member, path: "pax-header", type: "x", mode: 0o644, bytes: pax.length });
    yield pax;
    const padding = paddingOf(pax.length);
    if (padding > 0) yield new Uint8Array(padding);
  }
  yield block(member);
}

/** The pax records of a member; empty when ustar can describe it. */
function paxRecords({ path, bytes }: Header): Uint8Array<ArrayBuffer> {
  let records = "";
  if (!/^[\x20-\x7e]+$/.test(path) || path.length > MAX_NAME_BYTES) records += record("path", path);
  if (bytes > MAX_NUMBER) records += record("size", String(bytes));
  return encoder.encode(records);
}

/** `length key=value`, where the length counts itself. */
function record(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}

function block({ path, type, mode, bytes, modifiedMs }: Header): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const text = (at: number, text: string) => block.set(encoder.encode(text), at);
  const octal = (at: number, digits: number, value: number) =>
    text(at, value.toString(8).padStart(digits, "0"));
  // Readers that do not know pax take this name; the others take that of the pax header.
  text(0, path.replace(/[^\x20-\x7e]/g, "_").slice(0, MAX_NAME_BYTES));
  octal(100, 7, mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, bytes > MAX_NUMBER ? 0 : bytes);
  octal(136, 11, Math.min(Math.max(Math.floor(modifiedMs / 1000), 0), MAX_NUMBER));
  text(156, type);
  text(257, "ustar\0" + "00");
  // The checksum is taken with spaces in its own place.
  text(148, "        ");
  octal(148, 6, block.reduce((sum, byte) => sum + byte, 0));
  block[154] = 0;
  return block;
}

function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - bytes % BLOCK_BYTES) % BLOCK_BYTES;
}
