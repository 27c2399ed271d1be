// Measures the round trip of an association of the layer reliable, and derives how long to wait for
// an acknowledgement (RFC 6298).

/** Before anything was measured. RFC 6298 says 1 s; as the timer only sends a probe and does not
 * empty the window (RFC 9002 6.2), waiting half as long costs one datagram if it was wrong. */
const INITIAL_RTO_MS = 500;

/** The least. TCP takes 200 ms and more because its receivers may hold an acknowledgement back for as
 * long; ours hold it back for MAX_ACK_DELAY_MS. */
const MIN_RTO_MS = 30;

/** How finely timers work. */
const GRANULARITY_MS = 5;

/** The least wait before a probe: a pause of a busy machine is no sign of a loss. */
const MIN_PROBE_MS = 10;

/** The longest that an acknowledgement is held back. */
export const MAX_ACK_DELAY_MS = 5;

export class RoundTrip {
  /** Undefined before the first measurement. */
  smoothedMs: number | undefined;
  minMs = Infinity;
  latestMs = 0;
  #variationMs = 0;

  /** @param delayMs how long the peer says that it held the acknowledgement back */
  measured(sampleMs: number, delayMs: number): void {
    this.latestMs = sampleMs;
    this.minMs = Math.min(this.minMs, sampleMs);
    // RFC 9002 5.3: never below the least that was seen, whatever the peer says.
    const held = Math.min(delayMs, MAX_ACK_DELAY_MS);
    const ms = sampleMs - held >= this.minMs ? sampleMs - held : sampleMs;
    if (this.smoothedMs === undefined) {
      this.smoothedMs = ms;
      this.#variationMs = ms / 2;
      return;
    }
    this.#variationMs += (Math.abs(this.smoothedMs - ms) - this.#variationMs) / 4;
    this.smoothedMs += (ms - this.smoothedMs) / 8;
  }

  /** How long to wait for an acknowledgement. */
  get timeoutMs(): number {
    if (this.smoothedMs === undefined) return INITIAL_RTO_MS;
    const ms = this.smoothedMs + Math.max(GRANULARITY_MS, 4 * this.#variationMs);
    return Math.max(MIN_RTO_MS, ms + MAX_ACK_DELAY_MS);
  }

  /** How long after the last packet to probe whether the tail of a flight is lost (RFC 8985 7.2). */
  get probeMs(): number {
    const { timeoutMs, smoothedMs } = this;
    if (smoothedMs === undefined) return timeoutMs;
    return Math.min(timeoutMs, Math.max(MIN_PROBE_MS, 2 * smoothedMs + MAX_ACK_DELAY_MS));
  }

  /** How long the last packets took to be acknowledged. */
  get recentMs(): number {
    return Math.max(this.latestMs, this.smoothedMs ?? INITIAL_RTO_MS);
  }
}
