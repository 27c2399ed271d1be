// Takes so many events a second out of any number, evenly spread, and counts the others. Which ones is
// drawn by lot: every tenth of an echo's messages would be questions alone, or answers alone.

/** The share of a second's events that may be taken at once, before it is known how many come. */
const BURST_SHARE = 1 / 4;

export class Sampler {
  readonly #perSecond: number;
  readonly #random: () => number;
  /** How many come for each that is taken. */
  #stride = 1;
  /** How many are left out until the next is taken. */
  #skip = 0;
  #leftOut = 0;
  #seen = 0;
  #taken = 0;

  /** @param random a number from 0 to below 1 */
  constructor(perSecond: number, random: () => number = Math.random) {
    this.#perSecond = perSecond;
    this.#random = random;
  }

  /** Whether the next event is taken. */
  takes(): boolean {
    this.#seen++;
    if (this.#skip > 0 || this.#taken >= this.#perSecond * BURST_SHARE) {
      this.#skip--;
      this.#leftOut++;
      return false;
    }
    this.#taken++;
    // From 0 on, and on average one less than the stride.
    this.#skip = Math.floor(this.#random() * (2 * this.#stride - 1));
    return true;
  }

  /** How many were left out since this was last asked. */
  takeLeftOut(): number {
    const count = this.#leftOut;
    this.#leftOut = 0;
    return count;
  }

  /** Ends a while, by whose events it is judged how many come in the next; false when none came. */
  turn(elapsedMs: number): boolean {
    const seen = this.#seen;
    this.#stride = Math.max(1, seen / (this.#perSecond * elapsedMs / 1000));
    // Few events now must not wait for the end of what many would have skipped.
    this.#skip = Math.min(this.#skip, Math.ceil(2 * this.#stride) - 2);
    this.#seen = this.#taken = 0;
    return seen > 0;
  }
}
