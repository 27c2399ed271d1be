// Pacing: an association sends evenly instead of a window at once (RFC 9002 7.7).

/** The burst that may go out at once after a pause: enough that a timer which is late by a
 * millisecond or two costs no speed. */
const BURST_MS = 2;
/** The same to this machine, where the memory of the peer's socket bounds bursts already, and round
 * trips are so short that a busy machine is late by many of them. */
const LOCAL_BURST_MS = 10;
const BURST_DATAGRAMS = 4;

/** A bucket that fills at a rate and is emptied by what is sent. */
export class Pacing {
  #datagramBytes: number;
  readonly #burstMs: number;
  #tokensBytes: number;
  #filledAtMs = 0;

  /** @param isLocal whether the peer is on this machine */
  constructor(datagramBytes: number, isLocal = false) {
    this.#datagramBytes = datagramBytes;
    this.#burstMs = isLocal ? LOCAL_BURST_MS : BURST_MS;
    this.#tokensBytes = BURST_DATAGRAMS * datagramBytes;
  }

  /** Datagrams are this large at most from now on. */
  resize(datagramBytes: number): void {
    this.#datagramBytes = datagramBytes;
  }

  /** How long to wait before the next datagram, in milliseconds; 0 when it may go now.
   * @param rate in bytes per millisecond; without one nothing is held back */
  waitMs(nowMs: number, rate: number | undefined): number {
    if (rate === undefined) return 0;
    const burst = Math.max(BURST_DATAGRAMS * this.#datagramBytes, this.#burstMs * rate);
    this.#tokensBytes = Math.min(burst, this.#tokensBytes + (nowMs - this.#filledAtMs) * rate);
    this.#filledAtMs = nowMs;
    const missing = this.#datagramBytes - this.#tokensBytes;
    // Less than a byte is a rounding error, and its time may be too short for a clock to pass.
    return missing < 1 ? 0 : missing / rate;
  }

  sent(bytes: number): void {
    this.#tokensBytes -= bytes;
  }
}
