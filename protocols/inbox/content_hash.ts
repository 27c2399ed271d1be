// The SHA-256 of a file in a transfer, computed while its content passes.

import { createHash, type Hash } from "node:crypto";

/** How many bytes are read at once. */
const READ_BYTES = 256 * 1024;

/** A hash that can be read at any point and goes on. */
export class ContentHash {
  readonly #hash: Hash = createHash("sha256");

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** The hash of what has passed so far, in lower-case hexadecimal. */
  hex(): string {
    return this.#hash.copy().digest("hex");
  }
}

/** Hashes so many bytes of a file from where it stands; null when the file is shorter. */
export async function hashFile(
  file: Deno.FsFile,
  bytes: number,
  signal?: AbortSignal,
): Promise<ContentHash | null> {
  const hash = new ContentHash();
  const buffer = new Uint8Array(Math.min(READ_BYTES, Math.max(1, bytes)));
  for (let left = bytes; left > 0;) {
    signal?.throwIfAborted();
    const count = await file.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === null) return null;
    hash.update(buffer.subarray(0, count));
    left -= count;
  }
  return hash;
}
