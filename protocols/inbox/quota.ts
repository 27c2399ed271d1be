// How much an inbox holds and may hold. What a transfer will need is reserved before it begins, so
// that many at a time cannot go over the limit together.

/** A file takes up at least this much, as it does on most disks: or a limit on bytes would be none on
 * the number of empty files. */
const LEAST_BYTES = 4096;

/** What a file of a size counts as. */
export function chargeFor(bytes: number): number {
  return Math.max(bytes, LEAST_BYTES);
}

/** What is used of a limit, in bytes. */
export class Quota {
  readonly limitBytes: number;
  /** What lies in the inbox, files that are being received left out. */
  #keptBytes = 0;
  #reservedBytes = 0;
  /** What was kept since the last look at the disk began. */
  #sinceLookBytes: number | undefined;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#keptBytes + this.#reservedBytes;
  }

  /** Looks how much there is, files that are being received left out. What is put there meanwhile may
   * be counted twice, and never not at all. */
  async look(measure: () => Promise<number>): Promise<void> {
    if (this.#sinceLookBytes !== undefined) return;
    this.#sinceLookBytes = 0;
    try {
      this.#keptBytes = await measure() + this.#sinceLookBytes;
    } finally {
      this.#sinceLookBytes = undefined;
    }
  }

  /** Reserves room; false when there is not enough. */
  reserve(bytes: number): boolean {
    if (this.usedBytes + bytes > this.limitBytes) return false;
    this.#reservedBytes += bytes;
    return true;
  }

  /** Gives back what was reserved. */
  release(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  /** Something lies there now (or, when negative, does no longer). */
  keep(bytes: number): void {
    this.#keptBytes = Math.max(0, this.#keptBytes + bytes);
    if (this.#sinceLookBytes !== undefined && bytes > 0) this.#sinceLookBytes += bytes;
  }
}
