// Reads the messages of the layer reliable from a stream of bytes, in which each comes after its
// length.

import { smallBytes } from "../../../core/sessions/small_bytes.ts";
import { MESSAGE_HEADER_BYTES } from "./send_buffer.ts";
import { readUint32 } from "../wire/prefix.ts";

/** The least that is allocated for a part of a message. More follows as its bytes arrive, whatever
 * length its sender announced. */
const SMALLEST_BYTES = 1024;

export class MessageReader {
  readonly #maxBytes: number;
  readonly #header = new Uint8Array(MESSAGE_HEADER_BYTES);
  #headerBytes = 0;
  #message: Uint8Array = new Uint8Array(0);
  #length = 0;
  #filled = 0;
  /** The length of the message that was too large, if there was one. Nothing more is read then. */
  tooLarge: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes of an unfinished message are held. */
  get heldBytes(): number {
    return this.#headerBytes + this.#filled;
  }

  /** The memory that is allocated for it. */
  get committedBytes(): number {
    return this.#headerBytes + this.#message.length;
  }

  /** The memory that reading this much more of the message would allocate. */
  costOf(count: number): number {
    const needed = Math.min(this.#length, this.#filled + count);
    return needed > this.#message.length ? this.#lengthFor(needed) - this.#message.length : 0;
  }

  /** Reads from `at` on, to the end of a message at most, and returns where it stopped. The message
   * is in `message` when one is whole. */
  read(bytes: Uint8Array, at: number): number {
    this.message = undefined;
    while (this.#headerBytes < MESSAGE_HEADER_BYTES) {
      if (at === bytes.length) return at;
      this.#header[this.#headerBytes++] = bytes[at++]!;
      if (this.#headerBytes === MESSAGE_HEADER_BYTES) this.#begin();
    }
    if (this.tooLarge !== undefined) return at;
    const count = Math.min(bytes.length - at, this.#length - this.#filled);
    this.#reserve(this.#filled + count);
    this.#message.set(bytes.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === this.#length) {
      this.message = this.#message.subarray(0, this.#length);
      this.#message = new Uint8Array(0);
      this.#headerBytes = this.#filled = 0;
    }
    return at + count;
  }

  /** The message that the last `read` finished; it belongs to the reader's caller. */
  message: Uint8Array | undefined;

  #begin(): void {
    this.#length = readUint32(this.#header, 0);
    this.#filled = 0;
    if (this.#length > this.#maxBytes) this.tooLarge = this.#length;
  }

  #reserve(needed: number): void {
    if (needed <= this.#message.length) return;
    const larger = smallBytes(this.#lengthFor(needed));
    larger.set(this.#message.subarray(0, this.#filled));
    this.#message = larger;
  }

  #lengthFor(needed: number): number {
    return Math.min(this.#length, Math.max(needed, 2 * this.#message.length, SMALLEST_BYTES));
  }
}
