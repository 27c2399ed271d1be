// Whether a flow fills its path: when the rate of delivery stops rising, though more is sent
// (draft-ietf-ccwg-bbr, section "Exiting Startup Based on Bandwidth Plateau").

import type { RateSample } from "../recovery/delivery_rate.ts";

/** By how much the rate has to rise to count as rising, and after how many rounds without it does not. */
const GROWTH = 1.25;
const ROUNDS = 3;

/** Looks for the plateau of the rate of delivery. */
export class FullPipe {
  #rate = 0;
  #rounds = 0;
  /** Whether the rate has stopped rising since the last `restart`. */
  isFullNow = false;
  /** Whether it ever has. */
  wasFull = false;

  restart(rate = 0): void {
    this.#rate = rate;
    this.#rounds = 0;
    this.isFullNow = false;
  }

  /** Takes a sample in.
   * @param isRoundStart whether a round trip has passed */
  watch(sample: RateSample, isRoundStart: boolean): void {
    if (this.isFullNow || !isRoundStart || sample.isApplicationLimited) return;
    if (sample.rate >= GROWTH * this.#rate) {
      this.restart(sample.rate);
      return;
    }
    this.isFullNow = ++this.#rounds >= ROUNDS;
    this.wasFull ||= this.isFullNow;
  }
}
