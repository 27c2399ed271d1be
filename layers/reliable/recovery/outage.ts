// Detects persistent congestion in the layer reliable: every packet was lost for so long that the
// measurements of the path are void (RFC 9002 7.6).

/** The length of an outage, in timeouts. */
const TIMEOUTS = 3;

/** Looks at what one acknowledgement says arrived and was lost. Times are when packets were sent. */
export class Outage {
  #knownAtMs = -Infinity;
  #firstArrivedAtMs = Infinity;
  #lastArrivedAtMs = -Infinity;
  #firstLostAtMs = Infinity;
  #lastLostAtMs = -Infinity;

  /** A new acknowledgement. */
  begin(): void {
    this.#knownAtMs = Math.max(this.#knownAtMs, this.#lastArrivedAtMs);
    this.#firstArrivedAtMs = this.#firstLostAtMs = Infinity;
    this.#lastArrivedAtMs = this.#lastLostAtMs = -Infinity;
  }

  arrived(sentAtMs: number): void {
    this.#firstArrivedAtMs = Math.min(this.#firstArrivedAtMs, sentAtMs);
    this.#lastArrivedAtMs = Math.max(this.#lastArrivedAtMs, sentAtMs);
  }

  /** Returns whether it was an outage: all was lost that was sent in between. */
  lost(sentAtMs: number, timeoutMs: number): boolean {
    this.#firstLostAtMs = Math.min(this.#firstLostAtMs, sentAtMs);
    this.#lastLostAtMs = Math.max(this.#lastLostAtMs, sentAtMs);
    return this.#lastLostAtMs - this.#firstLostAtMs > TIMEOUTS * timeoutMs &&
      this.#knownAtMs < this.#firstLostAtMs && this.#firstArrivedAtMs > this.#lastLostAtMs;
  }
}
