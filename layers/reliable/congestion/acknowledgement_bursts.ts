// How much more than expected is acknowledged at once, as acknowledgements gather on their way: so
// much more has to be under way for the path to stay full in between (draft-ietf-ccwg-bbr, section
// "BBR.extra_acked").

/** How many round trips the most of them holds. */
const ROUNDS = 10;

/** Amounts are in bytes, times in milliseconds. */
export class AcknowledgementBursts {
  #startMs = 0;
  #bytes = 0;
  /** The most of each of the last round trips. */
  readonly #most: number[] = new Array(ROUNDS).fill(0);

  /** The most of the last round trips. */
  get extraBytes(): number {
    return Math.max(...this.#most);
  }

  /** Nothing was sent for a while. */
  restart(nowMs: number): void {
    this.#startMs = nowMs;
    this.#bytes = 0;
  }

  /** @param rate in bytes per millisecond */
  acknowledged(
    bytes: number,
    rate: number,
    windowBytes: number,
    round: number,
    nowMs: number,
  ): void {
    let expected = rate * (nowMs - this.#startMs);
    if (this.#bytes <= expected) {
      this.restart(nowMs);
      expected = 0;
    }
    this.#bytes += bytes;
    const extra = Math.min(this.#bytes - expected, windowBytes);
    const index = round % ROUNDS;
    this.#most[index] = Math.max(this.#most[index]!, extra);
  }

  /** A round trip begins. */
  beginRound(round: number): void {
    this.#most[round % ROUNDS] = 0;
  }
}
