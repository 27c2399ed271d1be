// The body of a request as it is framed on the connection (RFC 9112 6 and 7): by its length or in
// chunks. What is left of it has to be read before the next request.

import { HttpHeadError, parseFields } from "../../../core/http/head.ts";
import type { Input } from "./input.ts";

/** The length of a body in bytes, or that it comes in chunks. */
export type Framing = number | "chunked";

/** Limits of what a client sends besides the data: the line of a chunk's size with its extensions,
 * all extensions together, and all trailer fields together. */
const MAX_SIZE_LINE_BYTES = 1024;
const MAX_EXTENSION_BYTES = 16 * 1024;
const MAX_TRAILER_BYTES = 16 * 1024;

/** A size in plain hexadecimal, and extensions, which are ignored (RFC 9112 7.1.1). */
const SIZE_LINE = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;([\t\x20-\x7e\x80-\xff]*))?$/;

export class FramedBody {
  readonly #input: Input;
  readonly #chunked: boolean;
  /** Bytes that are left of the body or of its current chunk. */
  #left: number;
  #inChunk = false;
  #extensionBytes = 0;
  #ended: boolean;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(input: Input, framing: Framing) {
    this.#input = input;
    this.#chunked = framing === "chunked";
    this.#left = framing === "chunked" ? 0 : framing;
    this.#ended = framing === 0;
  }

  /** Whether the body was read to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that are still to come, as far as that is known. */
  get leftBytes(): number {
    return this.#left;
  }

  /** Call it after taking all of the body from the input. */
  skip(): void {
    this.#left = 0;
    this.#ended = true;
  }

  /** The next bytes, which are the caller's; null at the end. One call at a time, and none after one
   * that failed.
   * @throws {HttpHeadError} when its framing is malformed, or the client sends no more */
  read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const piece = this.#next();
    this.#reading = piece;
    return piece;
  }

  /** Reads what is left, up to a limit, after a read that may be pending; whether it came to the
   * end.
   * @param moved called with each piece */
  async drain(maxBytes: number, moved: () => void = () => {}): Promise<boolean> {
    try {
      await this.#reading;
      for (let left = maxBytes; !this.#ended && left >= 0;) {
        const piece = await this.read();
        moved();
        // Small chunks cost more than their bytes.
        left -= Math.max(piece?.length ?? 0, 16);
      }
    } catch {
      // Malformed, or the client has left: its end will never be known.
    }
    return this.#ended;
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#chunked && this.#left === 0 && !this.#ended) await this.#nextChunk();
    if (this.#ended) return null;
    const piece = await this.#input.piece(this.#left);
    if (piece === null) throw new HttpHeadError(400, "the body was cut short");
    this.#left -= piece.length;
    if (!this.#chunked && this.#left === 0) this.#ended = true;
    return piece;
  }

  /** Reads the size of the next chunk, or the trailer section after the last. */
  async #nextChunk(): Promise<void> {
    if (this.#inChunk && await this.#line(0) !== "") {
      throw new HttpHeadError(400, "a chunk is longer than its size");
    }
    this.#inChunk = true;
    const match = SIZE_LINE.exec(await this.#line(MAX_SIZE_LINE_BYTES));
    if (match === null) throw new HttpHeadError(400, "the size of a chunk is malformed");
    this.#extensionBytes += match[2]?.length ?? 0;
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) {
      throw new HttpHeadError(400, "the chunks have too many extensions");
    }
    this.#left = parseInt(match[1]!, 16);
    if (this.#left === 0) await this.#trailers();
  }

  /** Checks the trailer fields and drops them: no application here can use any. */
  async #trailers(): Promise<void> {
    let lines = "";
    for (;;) {
      const line = await this.#line(MAX_TRAILER_BYTES - lines.length);
      if (line === "") break;
      lines += `${line}\r\n`;
    }
    parseFields(lines, 0);
    this.#ended = true;
  }

  async #line(maxBytes: number): Promise<string> {
    const line = await this.#input.line(Math.max(maxBytes, 2));
    if (line === null) throw new HttpHeadError(400, "the body was cut short");
    return line;
  }
}
