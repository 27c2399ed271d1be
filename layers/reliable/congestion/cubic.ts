// CUBIC (RFC 9438), a congestion control that goes by losses, with the slow start of HyStart++
// (RFC 9406), and with the distinction of TCP Veno (Fu and Liew, IEEE JSAC 21(2), 2003) between
// losses with and without a queue.

import type { CongestionControl, ControlledPacket } from "./congestion_control.ts";
import { initialWindowBytes, riseMs } from "./path.ts";

/** The share that is left of the window when a loss comes with a queue (RFC 9438 4.6). */
const REDUCTION = 0.7;

/** The share that is left when the round trip shows no queue: the loss hardly comes of congestion,
 * or comes of a short queue, for whose mark RFC 8511 gives CUBIC this value. */
const REDUCTION_WITHOUT_QUEUE = 0.85;

/** Of the cubic function, in datagrams per second cubed (RFC 9438 5). */
const C = 0.4;

/** RFC 9438 4.3: growth by which the region that is fair to Reno matches Reno with this reduction. */
const RENO_GROWTH = 3 * (1 - REDUCTION) / (1 + REDUCTION);

const MIN_WINDOW_DATAGRAMS = 2;

/** Slightly faster than one window in each round trip, so that pacing is never what limits. */
const PACING_GAIN = 1.25;

/** RFC 9406 4.3. */
const ROUND_SAMPLES = 8;
const CAREFUL_GROWTH = 4;
const CAREFUL_ROUNDS = 5;

/** A congestion window in bytes. Times are in milliseconds. */
export class Cubic implements CongestionControl {
  #datagramBytes: number;
  #windowBytes: number;
  /** Whether the window, and not the application, limits the sending: only then it may grow. */
  #isLimiting = false;
  #threshold = Infinity;
  /** Losses of what was sent before belong to the last reduction. */
  #recoveryStartMs = -Infinity;
  #epochStartMs: number | undefined;
  #originDatagrams = 0;
  #cubicSeconds = 0;
  #lastMaxBytes = 0;
  #priorBytes = 0;
  #renoDatagrams = 0;
  #renoGrowth = 1;
  /** What the last reduction changed, and how many losses spoke for it. */
  #beforeReduction: { readonly windowBytes: number; readonly lastMaxBytes: number } | undefined;
  #reductionLosses = 0;
  // Rounds, each as long as a round trip: until everything is acknowledged that was sent before it.
  #roundEnd = 0;
  #roundMinMs = Infinity;
  #lastRoundMinMs = Infinity;
  #samples = 0;
  #minMs = Infinity;
  /** Rounds of careful slow start that are left; undefined outside of it. */
  #carefulRounds: number | undefined;
  #carefulBaseMs = Infinity;

  constructor(datagramBytes: number) {
    this.#datagramBytes = datagramBytes;
    this.#windowBytes = initialWindowBytes(datagramBytes);
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  resize(datagramBytes: number): void {
    this.#datagramBytes = datagramBytes;
    // RFC 9002 7.2, and never less than what fits a datagram or two.
    const leastBytes = this.#threshold === Infinity
      ? initialWindowBytes(datagramBytes)
      : MIN_WINDOW_DATAGRAMS * datagramBytes;
    this.#windowBytes = Math.max(this.#windowBytes, leastBytes);
    // An epoch counts in datagrams.
    this.#epochStartMs = undefined;
  }

  get #inSlowStart(): boolean {
    return this.#windowBytes < this.#threshold;
  }

  rate(roundTripMs: number | undefined): number | undefined {
    if (roundTripMs === undefined) return undefined;
    return PACING_GAIN * this.#windowBytes / Math.max(roundTripMs, 0.01);
  }

  sent(): undefined {}
  limitByApplication(): void {}
  end(): void {}

  begin(inFlightBytes: number): void {
    this.#isLimiting = this.#inSlowStart
      ? inFlightBytes >= this.#windowBytes / 2
      : inFlightBytes + 3 * this.#datagramBytes >= this.#windowBytes;
  }

  measured(roundTripMs: number, acknowledged: number, next: number): void {
    this.#minMs = Math.min(this.#minMs, roundTripMs);
    if (acknowledged >= this.#roundEnd) {
      this.#roundEnd = next;
      this.#lastRoundMinMs = this.#roundMinMs;
      this.#roundMinMs = Infinity;
      this.#samples = 0;
      this.#endCarefulRound();
    }
    this.#roundMinMs = Math.min(this.#roundMinMs, roundTripMs);
    this.#samples++;
    if (this.#inSlowStart) this.#watchRise();
  }

  acknowledged({ bytes, sentAtMs }: ControlledPacket, nowMs: number, roundTripMs: number): void {
    if (sentAtMs <= this.#recoveryStartMs) return;
    if (!this.#isLimiting) {
      // RFC 9438 5.8: time in which nothing was sent does not make the window grow.
      this.#epochStartMs = undefined;
      return;
    }
    if (this.#inSlowStart) {
      this.#windowBytes += this.#carefulRounds === undefined ? bytes : bytes / CAREFUL_GROWTH;
      return;
    }
    this.#grow(bytes, nowMs, roundTripMs);
  }

  lost({ sentAtMs }: ControlledPacket, nowMs: number): void {
    if (sentAtMs <= this.#recoveryStartMs) {
      this.#reductionLosses++;
      return;
    }
    this.#beforeReduction = { windowBytes: this.#windowBytes, lastMaxBytes: this.#lastMaxBytes };
    this.#reductionLosses = 1;
    const hasQueue = this.#hasQueue();
    const reduction = hasQueue ? REDUCTION : REDUCTION_WITHOUT_QUEUE;
    this.#recoveryStartMs = nowMs;
    this.#priorBytes = this.#windowBytes;
    // RFC 9438 4.7: a sender that meets a loss at a smaller window than last time makes room faster.
    this.#lastMaxBytes = hasQueue && this.#windowBytes < this.#lastMaxBytes
      ? this.#windowBytes * (1 + REDUCTION) / 2
      : this.#windowBytes;
    this.#windowBytes = Math.max(
      this.#windowBytes * reduction,
      MIN_WINDOW_DATAGRAMS * this.#datagramBytes,
    );
    this.#threshold = this.#windowBytes;
    this.#renoGrowth = hasQueue ? RENO_GROWTH : 1;
    this.#carefulRounds = undefined;
    this.#epochStartMs = undefined;
  }

  /** Takes a reduction back when all the losses that it answered were none (RFC 9438 4.9). */
  mistaken({ sentAtMs }: ControlledPacket): void {
    const before = this.#beforeReduction;
    if (before === undefined || sentAtMs > this.#recoveryStartMs) return;
    if (--this.#reductionLosses > 0) return;
    this.#beforeReduction = undefined;
    this.#windowBytes = Math.max(this.#windowBytes, before.windowBytes);
    this.#threshold = this.#windowBytes;
    this.#lastMaxBytes = before.lastMaxBytes;
    this.#epochStartMs = undefined;
  }

  collapse(_packet: ControlledPacket, nowMs: number): void {
    this.#beforeReduction = undefined;
    this.#threshold = Math.max(
      this.#windowBytes * REDUCTION,
      MIN_WINDOW_DATAGRAMS * this.#datagramBytes,
    );
    this.#windowBytes = MIN_WINDOW_DATAGRAMS * this.#datagramBytes;
    this.#recoveryStartMs = nowMs;
    this.#epochStartMs = undefined;
    this.#carefulRounds = undefined;
  }

  #grow(bytes: number, nowMs: number, roundTripMs: number): void {
    const datagram = this.#datagramBytes;
    const window = this.#windowBytes / datagram;
    if (this.#epochStartMs === undefined) {
      this.#epochStartMs = nowMs;
      this.#renoDatagrams = window;
      const max = Math.max(this.#lastMaxBytes / datagram, window);
      this.#originDatagrams = max;
      this.#cubicSeconds = Math.cbrt((max - window) / C);
    }
    const seconds = (nowMs - this.#epochStartMs + roundTripMs) / 1000;
    const cubic = C * (seconds - this.#cubicSeconds) ** 3 + this.#originDatagrams;
    const growth = this.#renoDatagrams * datagram >= this.#priorBytes ? 1 : this.#renoGrowth;
    this.#renoDatagrams += growth * (bytes / datagram) / window;
    if (cubic < this.#renoDatagrams) {
      this.#windowBytes = Math.max(this.#windowBytes, this.#renoDatagrams * datagram);
      return;
    }
    const target = Math.min(Math.max(cubic, window), 1.5 * window);
    this.#windowBytes += (target - window) / window * bytes;
  }

  /** Whether the last round trips were clearly longer than the shortest. */
  #hasQueue(): boolean {
    const recentMs = Math.min(this.#roundMinMs, this.#lastRoundMinMs);
    return recentMs > this.#minMs + riseMs(this.#minMs);
  }

  #watchRise(): void {
    if (this.#samples < ROUND_SAMPLES) return;
    if (this.#carefulRounds !== undefined) {
      // It was a passing delay.
      if (this.#roundMinMs < this.#carefulBaseMs) this.#carefulRounds = undefined;
      return;
    }
    if (!Number.isFinite(this.#lastRoundMinMs)) return;
    if (this.#roundMinMs < this.#lastRoundMinMs + riseMs(this.#lastRoundMinMs)) return;
    this.#carefulRounds = CAREFUL_ROUNDS;
    this.#carefulBaseMs = this.#roundMinMs;
  }

  #endCarefulRound(): void {
    if (this.#carefulRounds === undefined || --this.#carefulRounds > 0) return;
    this.#carefulRounds = undefined;
    if (this.#inSlowStart) {
      this.#threshold = this.#windowBytes;
      this.#lastMaxBytes = this.#windowBytes;
    }
  }
}
