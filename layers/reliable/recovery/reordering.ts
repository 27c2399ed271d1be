// How far packets may overtake each other before one that is missing counts as lost: the reordering
// window of RACK (RFC 8985 6.2). It grows when a packet arrives after all that was taken for lost,
// which says what a DSACK says in TCP.

/** For how many recoveries a grown window holds that proves too large no more (RFC 8985 6.2.4). */
const HOLDS_RECOVERIES = 16;

/** Looks at packets that arrive late. Packets are told by their numbers, which grow with time. */
export class Reordering {
  /** Whether a packet ever arrived after one that was sent later. Before, a few later packets are
   * enough to tell that one is lost. */
  wasSeen = false;
  /** The window in quarters of the least round trip. */
  #quarters = 1;
  /** What is sent from here on can grow the window again. */
  #roundEnd = 0;
  #recoveriesLeft = 0;
  /** Losses of what was sent before belong to the recovery that goes on. */
  #recoveryEnd = 0;

  /** How much later than expected a packet may be. */
  windowMs(leastRoundTripMs: number, smoothedMs: number): number {
    return Math.min(this.#quarters * leastRoundTripMs / 4, smoothedMs);
  }

  /** A packet counts as lost.
   * @param next the packet number that is sent next */
  lost(number: number, next: number): void {
    if (number < this.#recoveryEnd) return;
    this.#recoveryEnd = next;
    if (this.#recoveriesLeft > 0 && --this.#recoveriesLeft === 0) this.#quarters = 1;
  }

  /** A packet that counted as lost has arrived.
   * @param next the packet number that is sent next */
  mistaken(number: number, next: number): void {
    this.wasSeen = true;
    this.#recoveriesLeft = HOLDS_RECOVERIES;
    // Once a round trip: all that were lost by the same window say the same.
    if (number < this.#roundEnd) return;
    this.#roundEnd = next;
    this.#quarters++;
  }
}
