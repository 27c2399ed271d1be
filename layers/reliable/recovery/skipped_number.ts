// Packet numbers that are left out now and then: a peer that acknowledges one claims what it cannot
// have received, to make us send faster than the path allows (RFC 9000 21.4).

import type { PacketReader } from "../wire/packet.ts";

/** About how many packets lie between two of them. */
const SKIP_EVERY = 500;

/** The number that was left out last. */
export class SkippedNumber {
  readonly #random: () => number;
  #nextAt: number;
  #skipped: number | undefined;
  /** The highest number below which we said that we want no acknowledgement. */
  #announced = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#nextAt = this.#after(0);
  }

  /** Whether to leave this number out. */
  skips(number: number): boolean {
    if (number < this.#nextAt) return false;
    this.#skipped = number;
    this.#nextAt = this.#after(number);
    return true;
  }

  /** A header says that nothing below this number has to be acknowledged. */
  announce(oldest: number): void {
    if (oldest > this.#announced) this.#announced = oldest;
  }

  /** Whether an acknowledgement is a lie. */
  convicts({ cumulative, ranges }: PacketReader): boolean {
    const skipped = this.#skipped;
    if (skipped === undefined) return false;
    if (this.#announced > skipped) {
      // An honest peer may count it as arrived now.
      this.#skipped = undefined;
      return false;
    }
    if (skipped < cumulative) return true;
    for (let index = 0; index < ranges.length; index += 2) {
      if (ranges[index]! <= skipped && skipped < ranges[index + 1]!) return true;
    }
    return false;
  }

  #after(number: number): number {
    return number + 1 + Math.floor((0.5 + this.#random()) * SKIP_EVERY);
  }
}
