// The least round trip of the last seconds, and when it is time to look for it anew
// (draft-ietf-ccwg-bbr, section "Estimating BBR.min_rtt").

/** How long a least round trip holds. */
const HOLDS_MS = 10_000;
/** After how long without a lower one the flow makes way to see the path without its own queue. */
const PROBE_AFTER_MS = 5000;

/** Times are in milliseconds. */
export class LeastRoundTrip {
  ms = Infinity;
  #atMs = 0;
  #probedMs = Infinity;
  #probedAtMs = 0;
  /** Whether it is time to make way. */
  isProbeDue = false;

  measured(roundTripMs: number, nowMs: number): void {
    this.isProbeDue = nowMs > this.#probedAtMs + PROBE_AFTER_MS;
    if (roundTripMs <= this.#probedMs || this.isProbeDue) {
      this.#probedMs = roundTripMs;
      this.#probedAtMs = nowMs;
    }
    if (this.#probedMs < this.ms || nowMs > this.#atMs + HOLDS_MS) {
      this.ms = this.#probedMs;
      this.#atMs = this.#probedAtMs;
    }
  }

  /** The flow has made way. */
  probed(nowMs: number): void {
    this.#probedAtMs = nowMs;
    this.isProbeDue = false;
  }
}
