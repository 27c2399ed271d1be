// The quota of an inbox: how much it holds and may hold. The room that a transfer needs is reserved
// before it begins, so that many at a time cannot exceed the limit together.

/** A file counts as at least this many bytes, as it does on most disks. Otherwise a limit on bytes
 * would not limit the number of empty files. */
const LEAST_BYTES = 4096;

/** How many bytes of the quota a file takes. */
export function chargeFor(bytes: number): number {
  return Math.max(bytes, LEAST_BYTES);
}

/** The bytes that are used and reserved of a limit. */
export class Quota {
  readonly limitBytes: number;
  /** The size of the files in the inbox, without those that are being received. */
  #keptBytes = 0;
  #reservedBytes = 0;
  /** The size of the files that were kept since the last look at the disk began. */
  #sinceLookBytes: number | undefined;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.#keptBytes + this.#reservedBytes;
  }

  /** Measures what is in the inbox, without the files that are being received. A file that is stored
   * meanwhile may be counted twice, but is never missed. */
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

  /** Counts a file that is in the inbox now or, when negative, no longer. */
  keep(bytes: number): void {
    this.#keptBytes = Math.max(0, this.#keptBytes + bytes);
    if (this.#sinceLookBytes !== undefined && bytes > 0) this.#sinceLookBytes += bytes;
  }
}
