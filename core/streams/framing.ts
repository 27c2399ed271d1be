// Framing: cuts a byte stream into messages, by lines or by lengths.

import type { Framing } from "../protocol.ts";

/** Takes chunks, and returns messages. */
export interface Framer {
  /** Adds a chunk that was read. The chunk is copied. */
  push(chunk: Uint8Array): void;
  /** The next whole message, or null when more must be read. The view is valid until the next
   * `push`.
   * @throws {MessageTooLargeError} when a message is over the limit */
  next(): Uint8Array | null;
  /** The rest at the end of the stream: a last line without its newline, else null.
   * @throws {TypeError} when the stream ended inside a message */
  rest(): Uint8Array | null;
  /** Adds the delimiter or the length to a message to send. */
  frame(message: Uint8Array): Uint8Array;
}

export class MessageTooLargeError extends RangeError {
  override readonly name = "MessageTooLargeError";
  constructor(limitBytes: number) {
    super(`a message is larger than ${limitBytes} bytes`);
  }
}

/** Creates the framer of a framing; null where each read is a message. */
export function createFramer(framing: Framing, maxMessageBytes: number): Framer | null {
  switch (framing) {
    case "none":
      return null;
    case "line":
      return new LineFramer(maxMessageBytes);
    case "length":
      return new LengthFramer(maxMessageBytes);
  }
}

/** Bytes that were read but not yet taken. */
class Pending {
  #buffer = new Uint8Array(1024);
  #start = 0;
  #end = 0;

  get view(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  take(bytes: number): void {
    this.#start += bytes;
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  #makeRoom(more: number): void {
    const held = this.view;
    const needed = held.length + more;
    const roomy = needed > this.#buffer.length
      ? new Uint8Array(Math.max(needed, this.#buffer.length * 2))
      : this.#buffer;
    roomy.set(held);
    this.#buffer = roomy;
    this.#start = 0;
    this.#end = held.length;
  }
}

const LF = 10;
const CR = 13;

class LineFramer implements Framer {
  readonly #maxMessageBytes: number;
  readonly #pending = new Pending();
  /** Number of pending bytes that were already searched for a newline. */
  #searched = 0;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  push(chunk: Uint8Array): void {
    this.#pending.push(chunk);
  }

  next(): Uint8Array | null {
    const held = this.#pending.view;
    const newline = held.indexOf(LF, this.#searched);
    // A line may have as many bytes as the limit and then CR LF.
    if ((newline < 0 ? held.length : newline) > this.#maxMessageBytes + 1) {
      throw new MessageTooLargeError(this.#maxMessageBytes);
    }
    if (newline < 0) {
      this.#searched = held.length;
      return null;
    }
    this.#searched = 0;
    this.#pending.take(newline + 1);
    return this.#bounded(held.subarray(0, held[newline - 1] === CR ? newline - 1 : newline));
  }

  rest(): Uint8Array | null {
    const held = this.#pending.view;
    this.#pending.take(held.length);
    return held.length === 0 ? null : this.#bounded(held);
  }

  frame(message: Uint8Array): Uint8Array {
    const framed = new Uint8Array(message.length + 1);
    framed.set(message);
    framed[message.length] = LF;
    return framed;
  }

  #bounded(line: Uint8Array): Uint8Array {
    if (line.length > this.#maxMessageBytes) throw new MessageTooLargeError(this.#maxMessageBytes);
    return line;
  }
}

const LENGTH_BYTES = 4;

class LengthFramer implements Framer {
  readonly #maxMessageBytes: number;
  readonly #pending = new Pending();

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  push(chunk: Uint8Array): void {
    this.#pending.push(chunk);
  }

  next(): Uint8Array | null {
    const held = this.#pending.view;
    if (held.length < LENGTH_BYTES) return null;
    const length = new DataView(held.buffer, held.byteOffset).getUint32(0);
    if (length > this.#maxMessageBytes) throw new MessageTooLargeError(this.#maxMessageBytes);
    if (held.length < LENGTH_BYTES + length) return null;
    this.#pending.take(LENGTH_BYTES + length);
    return held.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  }

  rest(): Uint8Array | null {
    const held = this.#pending.view.length;
    if (held > 0) throw new TypeError(`the stream ended inside a message, after ${held} bytes`);
    return null;
  }

  frame(message: Uint8Array): Uint8Array {
    const framed = new Uint8Array(LENGTH_BYTES + message.length);
    new DataView(framed.buffer).setUint32(0, message.length);
    framed.set(message, LENGTH_BYTES);
    return framed;
  }
}
