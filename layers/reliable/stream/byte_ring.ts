// A ring buffer: the window of a byte stream that is in memory, which moves on with the stream.

const SMALLEST_BYTES = 4096;

/** The most memory that is kept while nothing is in use. */
const KEPT_BYTES = 64 * 1024;

/** Holds bytes by their offset in the stream. It grows as needed: its user keeps to the limit. */
export class ByteRing {
  #bytes = new Uint8Array(0);

  /** Puts bytes at an offset. What is between `low` and `high` is kept.
   * @param low the lowest offset in use
   * @param high the offset after the last in use, before this */
  write(offset: number, source: Uint8Array, low: number, high: number): void {
    this.#reserve(low, Math.max(high, offset + source.length));
    const { length } = this.#bytes;
    const at = offset % length;
    const first = Math.min(source.length, length - at);
    if (first === source.length) {
      this.#bytes.set(source, at);
    } else {
      this.#bytes.set(source.subarray(0, first), at);
      this.#bytes.set(source.subarray(first), 0);
    }
  }

  read(offset: number, into: Uint8Array): void {
    const { length } = this.#bytes;
    if (into.length === 0) return;
    const at = offset % length;
    const first = Math.min(into.length, length - at);
    into.set(this.#bytes.subarray(at, at + first));
    if (first < into.length) into.set(this.#bytes.subarray(0, into.length - first), first);
  }

  /** A view of what is at an offset: as much as lies in one piece. */
  view(offset: number, length: number): Uint8Array {
    const at = offset % this.#bytes.length;
    return this.#bytes.subarray(at, Math.min(this.#bytes.length, at + length));
  }

  /** Gives the memory back; nothing may be in use. */
  clear(): void {
    this.#bytes = new Uint8Array(0);
  }

  /** The same, when it is much. */
  shrink(): void {
    if (this.#bytes.length > KEPT_BYTES) this.clear();
  }

  #reserve(low: number, high: number): void {
    const needed = high - low;
    if (needed <= this.#bytes.length) return;
    let length = Math.max(SMALLEST_BYTES, this.#bytes.length);
    while (length < needed) length *= 2;
    const old = this.#bytes;
    this.#bytes = new Uint8Array(length);
    // Everything that was in use was within the old length of `low`.
    for (let offset = low; offset < low + old.length;) {
      const at = offset % old.length;
      const count = Math.min(old.length - at, low + old.length - offset);
      this.#place(offset, old.subarray(at, at + count));
      offset += count;
    }
  }

  #place(offset: number, source: Uint8Array): void {
    const { length } = this.#bytes;
    const at = offset % length;
    const first = Math.min(source.length, length - at);
    this.#bytes.set(source.subarray(0, first), at);
    if (first < source.length) this.#bytes.set(source.subarray(first), 0);
  }
}
