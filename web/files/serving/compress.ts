// Compresses files when they are requested: one at a time, with a bounded queue. Deno compresses on
// the thread that answers requests, so that several at a time would be no faster, and fast levels
// matter.

import { Semaphore } from "../../../core/streams/semaphore.ts";
import type { Coding } from "../../request/codings.ts";

const MAX_WAITING = 64;

/** The best quality that costs about as much as gzip does. */
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 6;

export class CompressionLine {
  readonly #permit = new Semaphore(1);
  #waiting = 0;

  /** Does some work when its turn has come. Null, with nothing done, when too many wait already. */
  async takeTurn<T>(work: () => Promise<T>): Promise<T | null> {
    if (this.#waiting >= MAX_WAITING) return null;
    this.#waiting++;
    await this.#permit.acquire();
    try {
      return await work();
    } finally {
      this.#waiting--;
      this.#permit.release();
    }
  }
}

/** The bytes in a coding, or null when that makes them no fewer. */
export async function compress(
  coding: Coding,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const compressed = await encode(coding, bytes);
  return compressed.length < bytes.length ? compressed : null;
}

async function encode(
  coding: Coding,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { brotliCompress, constants, gzip } = await import("node:zlib");
  return await new Promise((resolve, reject) => {
    const done = (error: Error | null, result: Uint8Array) => {
      // A copy, because a Buffer may be a small part of a large one.
      if (error === null) resolve(new Uint8Array(result));
      else reject(error);
    };
    if (coding === "gzip") gzip(bytes, { level: GZIP_LEVEL }, done);
    else {
      const params = {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      };
      brotliCompress(bytes, { params }, done);
    }
  });
}
