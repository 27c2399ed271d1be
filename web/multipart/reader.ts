// Reads multipart/form-data (RFC 7578, RFC 2046 5.1) as it arrives: one part after the other, none
// held in memory. The platform's own parser needs the whole body, and passes over what it does not
// understand, so that half a body could be stored as if it were whole. Here everything that is not
// well formed is an error that says what is wrong.

import { MultipartError } from "./error.ts";
import { type MultipartFields, partFields } from "./part_header.ts";

export { MultipartError } from "./error.ts";

interface MultipartLimits {
  readonly maxParts: number;
  /** Limit of one part's headers, and of what stands before the first part or after the last. */
  readonly maxHeaderBytes: number;
}

/** The bytes of a body, piece by piece; null is their end. */
export interface ByteSource {
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
}

interface Part extends MultipartFields {
  /** The content, which can be read once. The next part skips what was left of it. */
  readonly body: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

const CR = 13;
const LF = 10;
const DASH = 45;
const SPACE = 32;
const TAB = 9;

const encoder = new TextEncoder();
const END_OF_LINE_BYTES = 2;
const END_OF_HEADER = encoder.encode("\r\n\r\n");

/** The boundary that a Content-Type header names, or null when that is of another type.
 *
 * @throws {MultipartError} when there is none, or it is malformed */
export function multipartBoundary(contentType: string | null): string | null {
  const match = /^\s*multipart\/form-data\s*(?:;(.*))?$/is.exec(contentType ?? "");
  if (match === null) return null;
  const parameter = /(?:^|;)\s*boundary=(?:"([^"\\]*)"|([^\s;"]*))\s*(?:;|$)/i.exec(match[1] ?? "");
  const boundary = parameter?.[1] ?? parameter?.[2];
  if (boundary === undefined) throw new MultipartError("the Content-Type names no boundary");
  // RFC 2046 5.1.1.
  if (!/^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$/.test(boundary)) {
    throw new MultipartError("the boundary has to be 1 to 70 of the characters allowed in one");
  }
  return boundary;
}

/** The parts of a body, in their order, read no further than asked.
 *
 * @throws {MultipartError} when the body is malformed or beyond its limits
 * @throws {Error} what reading the body throws */
export async function* readMultipart(
  source: ByteSource,
  boundary: string,
  { maxParts, maxHeaderBytes }: MultipartLimits,
): AsyncGenerator<Part, void> {
  const delimiter = encoder.encode(`\r\n--${boundary}`);
  // The first boundary needs no line end before it; with one it is found like the others.
  const window = new ByteWindow(source, encoder.encode("\r\n"));
  await window.skipTo(delimiter, maxHeaderBytes);
  for (let count = 1; await beginsPart(window, maxHeaderBytes); count++) {
    if (count > maxParts) throw new MultipartError(`it has more than ${maxParts} parts`, 413);
    const fields = partFields(await window.header(maxHeaderBytes));
    const content = new PartBody(window, delimiter);
    yield { ...fields, body: content };
    while (await content.next() !== null) {
      // The caller left this part of the body unread.
    }
  }
  await window.finish(maxHeaderBytes);
}

/** Whether what follows a boundary is a part, whose headers begin at the line end that is left; or
 * the end of the body. */
async function beginsPart(window: ByteWindow, maxPaddingBytes: number): Promise<boolean> {
  if (await window.at(0) === DASH && await window.at(1) === DASH) return false;
  let padding = 0;
  for (; padding <= maxPaddingBytes; padding++) {
    const byte = await window.at(padding);
    if (byte !== SPACE && byte !== TAB) break;
  }
  if (await window.at(padding) !== CR || await window.at(padding + 1) !== LF) {
    throw new MultipartError("a boundary is followed by something else than a line end");
  }
  window.drop(padding);
  return true;
}

/** The content of one part, up to the boundary after it. */
class PartBody implements AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly #window: ByteWindow;
  readonly #delimiter: Uint8Array;
  #begun = false;
  #ended = false;

  constructor(window: ByteWindow, delimiter: Uint8Array) {
    this.#window = window;
    this.#delimiter = delimiter;
  }

  /** The next piece, or null after the last. */
  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (!this.#ended) {
      const { at, found } = this.#window.find(this.#delimiter);
      // The line end after the headers is still there, for it may begin a boundary: then there is
      // no content. Otherwise it is no part of it.
      const skipped = this.#begun || at === 0 ? 0 : END_OF_LINE_BYTES;
      if (at > 0) this.#begun = true;
      const piece = this.#window.take(at).subarray(skipped);
      if (found) {
        this.#ended = true;
        this.#window.drop(this.#delimiter.length);
      } else if (piece.length === 0) await this.#window.fill();
      if (piece.length > 0) return piece;
    }
    return null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for (let piece = await this.next(); piece !== null; piece = await this.next()) yield piece;
  }
}

/** The bytes that were read of a body and not yet used. */
class ByteWindow {
  readonly #source: ByteSource;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(
    source: ByteSource,
    bytes: Uint8Array<ArrayBuffer>,
  ) {
    this.#source = source;
    this.#bytes = bytes;
  }

  take(count: number): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  drop(count: number): void {
    this.take(count);
  }

  /** The byte at an index, read from the body when it is not there yet. */
  async at(index: number): Promise<number | undefined> {
    while (index >= this.#bytes.length) await this.fill();
    return this.#bytes[index];
  }

  /** Finds a pattern; when it is not there, `at` is the first place where it may still begin.
   * Patterns begin with a carriage return and contain no other where one could begin anew, so that
   * no byte is compared more than twice. */
  find(pattern: Uint8Array): { readonly at: number; readonly found: boolean } {
    const bytes = this.#bytes;
    for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
      const length = Math.min(pattern.length, bytes.length - at);
      let same = 1;
      while (same < length && bytes[at + same] === pattern[same]) same++;
      if (same === length) return { at, found: length === pattern.length };
    }
    return { at: bytes.length, found: false };
  }

  /** Drops everything up to the end of the first delimiter. */
  async skipTo(delimiter: Uint8Array, maxBytes: number): Promise<void> {
    for (let skipped = 0; skipped <= maxBytes;) {
      const { at, found } = this.find(delimiter);
      this.drop(found ? at + delimiter.length : at);
      if (found) return;
      skipped += at;
      if (!await this.#tryFill()) break;
    }
    throw new MultipartError("the boundary that the Content-Type names is not at its beginning");
  }

  /** The header lines of a part. The line end before them goes too, that of the empty line after
   * them stays. */
  async header(maxBytes: number): Promise<Uint8Array> {
    for (;;) {
      const { at, found } = this.find(END_OF_HEADER);
      if (at > maxBytes) throw new MultipartError("the headers of a part are too long");
      if (found) return this.take(at + END_OF_LINE_BYTES).slice(END_OF_LINE_BYTES, Math.max(at, 2));
      await this.fill();
    }
  }

  /** Reads to the end of the body, where hardly anything may be left. */
  async finish(maxBytes: number): Promise<void> {
    while (this.#bytes.length <= maxBytes) if (!await this.#tryFill()) return;
    throw new MultipartError("too much follows its last boundary");
  }

  /** Adds the next bytes of the body, which must not end here. */
  async fill(): Promise<void> {
    if (!await this.#tryFill()) throw new MultipartError("it ends before its last boundary");
  }

  async #tryFill(): Promise<boolean> {
    const value = await this.#source.read();
    if (value === null) return false;
    if (this.#bytes.length === 0) this.#bytes = value;
    else {
      const joined = new Uint8Array(this.#bytes.length + value.length);
      joined.set(this.#bytes);
      joined.set(value, this.#bytes.length);
      this.#bytes = joined;
    }
    return true;
  }
}
