// What a round trip with losses says about the path for now: as much was delivered, and not much more
// should be sent until the next probe (draft-ietf-ccwg-bbr, sections on bw_shortterm and
// inflight_shortterm).

import type { RateSample } from "../recovery/delivery_rate.ts";

/** The share that is left after a round trip with losses. */
const REDUCTION = 0.7;

/** What a round trip lost. */
export interface RoundLosses {
  readonly lostBytes: number;
  /** Delivered or lost. */
  readonly settledBytes: number;
  readonly packets: number;
  /** Delivered in a round trip at the most. */
  readonly deliveredBytes: number;
}

/** Amounts are in bytes, rates in bytes per millisecond. */
export class ShortTermBounds {
  rate = Infinity;
  inFlightBytes = Infinity;
  #latestRate = 0;
  #latestBytes = 0;
  #roundEndBytes = 0;
  #roundStartBytes = 0;
  #lostBytes = 0;
  #lostPackets = 0;

  lost(bytes: number): void {
    this.#lostBytes += bytes;
    this.#lostPackets++;
  }

  /** What counted as lost has arrived: when it was of this round trip, it no longer counts. */
  mistaken(bytes: number): void {
    if (this.#lostPackets === 0) return;
    this.#lostBytes = Math.max(0, this.#lostBytes - bytes);
    this.#lostPackets--;
  }

  /** Takes a sample in. Returns what was lost when a round trip is over.
   * @param deliveredBytes of the whole flow so far */
  take(sample: RateSample, deliveredBytes: number): RoundLosses | undefined {
    this.#latestRate = Math.max(this.#latestRate, sample.rate);
    this.#latestBytes = Math.max(this.#latestBytes, sample.deliveredBytes);
    if (sample.priorBytes < this.#roundEndBytes) return undefined;
    const delivered = deliveredBytes - this.#roundStartBytes;
    const losses = {
      lostBytes: this.#lostBytes,
      settledBytes: this.#lostBytes + delivered,
      packets: this.#lostPackets,
      deliveredBytes: this.#latestBytes,
    };
    this.#roundStartBytes = this.#roundEndBytes = deliveredBytes;
    this.#lostBytes = this.#lostPackets = 0;
    return losses;
  }

  /** The next round trip begins with this sample. */
  beginRound(sample: RateSample): void {
    this.#latestRate = sample.rate;
    this.#latestBytes = sample.deliveredBytes;
  }

  /** A round trip lost too much.
   * @param rate at most, before there is a bound
   * @param windowBytes the same */
  reduce(rate: number, windowBytes: number): void {
    if (this.rate === Infinity) this.rate = rate;
    if (this.inFlightBytes === Infinity) this.inFlightBytes = windowBytes;
    this.rate = Math.max(this.#latestRate, REDUCTION * this.rate);
    this.inFlightBytes = Math.max(this.#latestBytes, REDUCTION * this.inFlightBytes);
  }

  /** The bounds are void: a probe begins. */
  lift(): void {
    this.rate = this.inFlightBytes = Infinity;
  }

  /** What was seen of this round trip is void. */
  forgetRound(): void {
    this.#latestRate =
      this.#latestBytes =
      this.#lostBytes =
      this.#lostPackets =
        0;
  }
}
