// Sends a flight of a DTLS handshake again, by a timer and when the peer repeats its own (RFC 6347
// 4.2.4).

import type { Clock } from "../../../core/clock.ts";

/** RFC 6347 4.2.4.1: one second at first, twice as long after each time, a minute at most. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** The least time between two transmissions of a flight that the peer's repeats bring about, so that
 * each of many repeats does not cost a flight. */
const LEAST_GAP_MS = 200;

/** Sends a flight, and sends it again until the next one of the peer has come. */
export class Retransmission {
  readonly #clock: Clock;
  readonly #transmit: () => void;
  #cancel: (() => void) | undefined;
  #waitMs = FIRST_WAIT_MS;
  #sentAtMs = -Infinity;

  constructor(clock: Clock, transmit: () => void) {
    this.#clock = clock;
    this.#transmit = transmit;
  }

  /** Sends a new flight. The wait starts over: that the peer answered the one before shows that
   * the way is open again. A last flight is not answered, so nothing is waited for. */
  start({ last }: { readonly last: boolean }): void {
    this.stop();
    this.#waitMs = FIRST_WAIT_MS;
    // The timer comes first: sending may end the handshake before it returns.
    if (!last) this.#wait();
    this.#send();
  }

  /** The peer sent again what we have answered: our answer was lost (RFC 6347 4.2.4). */
  repeat(): void {
    if (this.#clock.elapsedMs() - this.#sentAtMs >= LEAST_GAP_MS) this.#send();
  }

  /** The answer is there. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #send(): void {
    this.#sentAtMs = this.#clock.elapsedMs();
    this.#transmit();
  }

  #wait(): void {
    this.#cancel = this.#clock.after(this.#waitMs, () => {
      this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
      this.#wait();
      this.#send();
    });
  }
}
