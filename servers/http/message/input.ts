// What a client sends, as heads and bodies are read from it. The buffer starts small, since most
// connections are idle most of the time, and is given up when it grew for one request.

import { Buffer } from "node:buffer";
import type { Connection } from "../../../core/connection.ts";
import { headEnd, HttpHeadError } from "../../../core/http/head.ts";
import { WrappedConnection } from "../../../core/streams/wrapped_connection.ts";

const FIRST_BUFFER_BYTES = 512;
/** The largest head. */
const MAX_HEAD_BYTES = 64 * 1024;
/** The largest piece of a body that is read at a time. */
const MAX_PIECE_BYTES = 64 * 1024;

const CR = 13;
const LF = 10;

export class Input {
  readonly #connection: Connection;
  readonly #received: (bytes: number) => void;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #ended = false;
  #handedOver = false;
  /** The one read that may be under way: two at once would take each other's bytes. Tells whether
   * anything came. */
  #pending: Promise<boolean> | undefined;

  /** @param received told of the bytes that were read for HTTP */
  constructor(connection: Connection, received: (bytes: number) => void = () => {}) {
    this.#connection = connection;
    this.#received = received;
  }

  /** Bytes that were read and not taken yet. */
  get buffered(): number {
    return this.#end - this.#start;
  }

  /** Whether the client has ended its half, or is gone. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads the next head, without its empty line; null when the client sends no more.
   * @throws {HttpHeadError} when it is too long, is no head, or is incomplete */
  async head(): Promise<string | null> {
    for (let searched = 0;;) {
      // An empty line before a request is passed over (RFC 9112 2.2).
      while (this.buffered > 1 && this.#byte(0) === CR && this.#byte(1) === LF) this.#start += 2;
      const isEmpty = this.buffered === 0 || this.buffered === 1 && this.#byte(0) === CR;
      if (!isEmpty) {
        const start = this.#start;
        const end = headEnd(this.#buffer, start, this.#end, start + searched);
        if (end > 0) {
          this.#start = end;
          return this.#text(start, end - 4);
        }
        searched = this.buffered;
        if (searched >= MAX_HEAD_BYTES) throw tooLong(this.#buffer);
      }
      if (!(await this.#fill())) {
        if (isEmpty) return null;
        throw new HttpHeadError(400, "the head ended in its middle");
      }
    }
  }

  /** Reads a line of a chunked body, without its end; null when the client sends no more.
   * @throws {HttpHeadError} when it is too long or ends in LF alone */
  async line(maxBytes: number): Promise<string | null> {
    for (;;) {
      const at = this.#buffer.subarray(this.#start, this.#end).indexOf(LF);
      if (at > maxBytes || at < 0 && this.buffered > maxBytes) {
        throw new HttpHeadError(400, "a line of the body is too long");
      }
      if (at >= 0) {
        if (at === 0 || this.#byte(at - 1) !== CR) {
          throw new HttpHeadError(400, "a line of the body does not end in CR LF");
        }
        const text = this.#text(this.#start, this.#start + at - 1);
        this.#start += at + 1;
        return text;
      }
      if (!(await this.#fill())) return null;
    }
  }

  /** The next bytes of a body, which are the caller's; null when the client sends no more. */
  async piece(maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.buffered > 0) return this.take(Math.min(maxBytes, this.buffered));
    const piece = new Uint8Array(Math.min(maxBytes, MAX_PIECE_BYTES));
    const count = await this.read(piece);
    if (count === null) return null;
    // A piece that is kept should not keep much more memory.
    return count * 2 < piece.length ? piece.slice(0, count) : piece.subarray(0, count);
  }

  /** Reads as a connection does. */
  async read(into: Uint8Array): Promise<number | null> {
    while (this.buffered === 0 && this.#pending !== undefined) await this.#pending;
    if (this.buffered === 0) return this.#ended ? null : await this.#readInto(into);
    const count = Math.min(into.length, this.buffered);
    into.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    return count;
  }

  /** Takes bytes that are there already. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(bytes);
    taken.set(this.#buffer.subarray(this.#start, this.#start + bytes));
    this.#start += bytes;
    return taken;
  }

  /** Reads ahead while a request is answered, up to the size of a head, to learn that the client has
   * left. Resolves once something came; to false at the end. */
  ahead(): Promise<boolean> | null {
    if (this.#handedOver) return null;
    if (this.#ended) return Promise.resolve(false);
    if (this.#pending === undefined && this.buffered >= MAX_HEAD_BYTES) return null;
    return this.#fill();
  }

  /** Drops a buffer that grew, when nothing is in it. */
  rest(): void {
    if (this.buffered > 0 || this.#pending !== undefined) return;
    this.#start = this.#end = 0;
    if (this.#buffer.length > FIRST_BUFFER_BYTES) this.#buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  }

  /** The connection for another protocol, from here on, and what was read of that already. */
  handOver(): { readonly connection: Connection; readonly head: Uint8Array } {
    const isReading = this.#pending !== undefined;
    this.#handedOver = true;
    return {
      connection: isReading ? new Remainder(this.#connection, this) : this.#connection,
      head: this.take(this.buffered),
    };
  }

  /** Octets as characters, one for each (RFC 9110 5.5). */
  #text(start: number, end: number): string {
    const { buffer } = this.#buffer;
    return Buffer.from(buffer, start, end - start).toString("latin1");
  }

  #byte(at: number): number | undefined {
    return this.#buffer[this.#start + at];
  }

  /** Waits for more in the buffer, or for the read under way; resolves to false at the end. */
  #fill(): Promise<boolean> {
    if (this.#pending !== undefined) return this.#pending;
    if (this.#ended) return Promise.resolve(false);
    const reading = this.#more();
    this.#pending = reading;
    return reading;
  }

  /** One function with its own error handling: each that waits costs an idle connection memory. */
  async #more(): Promise<boolean> {
    this.#makeRoom();
    const into = this.#end === 0 ? this.#buffer : this.#buffer.subarray(this.#end);
    try {
      const count = await this.#connection.read(into);
      if (count === null) this.#ended = true;
      else {
        this.#end += count;
        if (!this.#handedOver) this.#received(count);
      }
      return count !== null;
    } catch (error) {
      this.#ended = true;
      throw error;
    } finally {
      this.#pending = undefined;
    }
  }

  /** Reads past the buffer. */
  #readInto(into: Uint8Array): Promise<number | null> {
    const reading = this.#read(into).finally(() => {
      this.#pending = undefined;
    });
    this.#pending = reading.then((count) => count !== null, () => false);
    return reading;
  }

  #makeRoom(): void {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#end < this.#buffer.length) return;
    const { buffered } = this;
    const size = this.#start > 0 ? this.#buffer.length : Math.min(buffered * 4, MAX_HEAD_BYTES);
    const larger = size === this.#buffer.length ? this.#buffer : new Uint8Array(size);
    larger.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = larger;
    this.#start = 0;
    this.#end = buffered;
  }

  async #read(into: Uint8Array): Promise<number | null> {
    try {
      const count = await this.#connection.read(into);
      if (count === null) this.#ended = true;
      else if (!this.#handedOver) this.#received(count);
      return count;
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }
}

/** A connection on which a read is pending. */
class Remainder extends WrappedConnection {
  readonly #input: Input;

  constructor(inner: Connection, input: Input) {
    super(inner);
    this.#input = input;
  }

  override read(into: Uint8Array): Promise<number | null> {
    return this.#input.read(into);
  }
}

function tooLong(bytes: Uint8Array): HttpHeadError {
  return bytes.includes(LF)
    ? new HttpHeadError(431, `the head is longer than ${MAX_HEAD_BYTES} bytes`)
    : new HttpHeadError(414, `the request line is longer than ${MAX_HEAD_BYTES} bytes`);
}
