// Reading and writing the presentation language of TLS (RFC 5246 4): big-endian numbers, and vectors
// that begin with their length.

import { concat } from "@std/bytes/concat";
import { DtlsError } from "./alert.ts";

/** Reads from the front of some bytes and returns views, not copies. Every method throws a
 * `decode_error` when the bytes end too early (RFC 5246 7.2.2). */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get offset(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  bytes(count: number): Uint8Array {
    const end = this.#at + count;
    if (end > this.#bytes.length) {
      throw new DtlsError("decode_error", "a message ends in the middle of a field");
    }
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #number(size: number): number {
    let value = 0;
    for (const byte of this.bytes(size)) value = value * 256 + byte;
    return value;
  }

  uint8(): number {
    return this.#number(1);
  }

  uint16(): number {
    return this.#number(2);
  }

  uint24(): number {
    return this.#number(3);
  }

  /** A vector whose length stands in one byte before it. */
  vector8(): Uint8Array {
    return this.bytes(this.uint8());
  }

  vector16(): Uint8Array {
    return this.bytes(this.uint16());
  }

  vector24(): Uint8Array {
    return this.bytes(this.uint24());
  }

  /** A vector of 16-bit numbers. */
  numbers16(): number[] {
    const inner = new ByteReader(this.vector16());
    const numbers: number[] = [];
    while (!inner.done) numbers.push(inner.uint16());
    return numbers;
  }

  /** Refuses what is left over (RFC 5246 7.4.1.2 for hellos; everything else has a fixed form). */
  end(what: string): void {
    if (!this.done) throw new DtlsError("decode_error", `${what} has bytes after its end`);
  }
}

/** A big-endian number of `size` bytes. */
export function uint(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

/** A vector whose length stands in `lengthBytes` bytes before it. */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(parts);
  return concat([uint(body.length, lengthBytes), body]);
}

export function vectorOf16(numbers: readonly number[]): Uint8Array {
  return vector(2, ...numbers.map((number) => uint(number, 2)));
}
