// The body of an answer with several ranges: multipart/byteranges (RFC 9110 14.6).

import { type ByteRange, contentRange, rangeBytes } from "../../request/range.ts";

const encoder = new TextEncoder();

/** The most bytes that are read from the disk at once. */
const PIECE_BYTES = 64 * 1024;

/** The framing of a body: the head before each part, and the end. */
interface PartFraming {
  readonly contentType: string;
  readonly heads: readonly Uint8Array<ArrayBuffer>[];
  readonly end: Uint8Array<ArrayBuffer>;
  /** The length of the whole body, the parts included. */
  readonly bytes: number;
}

/** Frames ranges of a file. The boundary is random, so that no file can contain it. */
export function frameParts(
  ranges: readonly ByteRange[],
  bytes: number,
  contentType: string,
): PartFraming {
  const boundary = crypto.randomUUID();
  const heads = ranges.map((range, index) =>
    encoder.encode(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\nContent-Type: ${contentType}\r\n` +
        `Content-Range: ${contentRange(range, bytes)}\r\n\r\n`,
    )
  );
  const end = encoder.encode(`\r\n--${boundary}--\r\n`);
  const framing = heads.reduce((sum, head) => sum + head.length, end.length);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    heads,
    end,
    bytes: ranges.reduce((sum, range) => sum + rangeBytes(range), framing),
  };
}

/** The body with ranges of bytes that are in memory. */
export function partsOf(
  content: Uint8Array<ArrayBuffer>,
  ranges: readonly ByteRange[],
  { heads, end, bytes }: PartFraming,
): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const [index, { first, last }] of ranges.entries()) {
    const part = content.subarray(first, last + 1);
    for (const piece of [heads[index]!, part]) {
      body.set(piece, at);
      at += piece.length;
    }
  }
  body.set(end, at);
  return body;
}

/** The body with ranges that are read from a file as the client takes them. It closes the file,
 * also when the client leaves, and fails when the file has become shorter. */
export function readParts(
  file: Deno.FsFile,
  ranges: readonly ByteRange[],
  { heads, end }: PartFraming,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(file, piecesOf(file, ranges, heads, end));
}

/** The body with one range that is read from a file, as `readParts`. */
export function readRange(
  file: Deno.FsFile,
  range: ByteRange,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(file, piecesOf(file, [range]));
}

function streamOf(
  file: Deno.FsFile,
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return();
      // A generator that never started does not run its finally.
      closeQuietly(file);
    },
  }, { highWaterMark: 0 });
}

async function* piecesOf(
  file: Deno.FsFile,
  ranges: readonly ByteRange[],
  heads: readonly Uint8Array<ArrayBuffer>[] = [],
  end?: Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  try {
    for (const [index, range] of ranges.entries()) {
      const head = heads[index];
      if (head !== undefined) yield head;
      await file.seek(range.first, Deno.SeekMode.Start);
      for (let left = rangeBytes(range); left > 0;) {
        const piece = new Uint8Array(Math.min(PIECE_BYTES, left));
        const count = await file.read(piece);
        if (count === null) throw new Error("the file became shorter while it was sent");
        left -= count;
        yield piece.subarray(0, count);
      }
    }
    if (end !== undefined) yield end;
  } finally {
    closeQuietly(file);
  }
}

function closeQuietly(file: Deno.FsFile): void {
  try {
    file.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
