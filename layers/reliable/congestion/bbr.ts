// BBR, version 3 (draft-ietf-ccwg-bbr): a congestion control that goes by a model of the path. How
// fast it delivers and how long its least round trip is say how much belongs on the way; both are
// probed for in turn. Losses bound the model only from a share on.
//
// Two things differ. Between probes the draft has twice of what the path holds on its way; here it is
// one and a half, so that flows which meet come to share alike within seconds, and their queue is
// shorter. And the draft takes more than 2 % lost for congestion, and any loss at all for a reason to
// slow down until the next probe; here, while round trips show no queue, only more than 6 % is: a path
// that loses by chance is then used nearly fully, and a queue of a few milliseconds that overflows is
// shared with losses up to that.
//
// Long, because the states and what they do to one model belong together.

import { DeliveryRate, type DeliveryState, type RateSample } from "../recovery/delivery_rate.ts";
import { AcknowledgementBursts } from "./acknowledgement_bursts.ts";
import type { CongestionControl, ControlledPacket } from "./congestion_control.ts";
import { FullPipe } from "./full_pipe.ts";
import { LeastRoundTrip } from "./least_round_trip.ts";
import { initialWindowBytes, riseMs } from "./path.ts";
import { type RoundLosses, ShortTermBounds } from "./short_term_bounds.ts";

/** Finding out what the path carries; letting the queue of that go; then a cycle of sending less than
 * the path carries, as much, as much with all bounds lifted, and more; now and then very little. */
type State = "startup" | "drain" | "down" | "cruise" | "refill" | "up" | "probeRoundTrip";

/** How fast to send, in parts of the rate of the path. Startup doubles it each round trip. */
const pacingGains: Readonly<Record<State, number>> = {
  startup: 4 * Math.LN2,
  drain: 0.5,
  down: 0.9,
  cruise: 1,
  refill: 1,
  up: 1.25,
  probeRoundTrip: 1,
};

/** How much may be on its way, in parts of what the path holds. Where several flows have filled a queue,
 * this is what shares the path among them: a flow that probes gains by the step from cruising to up,
 * the more the less it has. So a large step makes them alike sooner, and little while cruising keeps the
 * queue short. */
const windowGains: Readonly<Record<State, number>> = {
  startup: 2,
  drain: 2,
  down: 1.5,
  cruise: 1.5,
  refill: 1.5,
  up: 2.25,
  probeRoundTrip: 0.5,
};

/** Send a little less than the path carries, so that no queue grows of inexact measurements. */
const PACING_MARGIN = 0.99;

/** The share that may be lost, with a queue and without. */
const LOSS_CEILING = 0.02;
const LOSS_CEILING_WITHOUT_QUEUE = 0.06;

/** Of few datagrams more may be lost by chance: so many standard deviations. */
const DEVIATIONS = 3;

/** How many packets have to be lost in a round trip to end Startup. */
const STARTUP_LOSSES = 6;

/** The share that is left of what was on its way when too much was lost. */
const REDUCTION = 0.7;

/** The share of the room that is left to others while cruising. */
const HEADROOM = 0.15;

const MIN_WINDOW_DATAGRAMS = 4;

/** How long to wait between two probes: 2 to 3 s, or as many round trips as Reno needs to win a window
 * back, whichever is sooner. */
const PROBE_WAIT_MS = 2000;
const PROBE_WAIT_RANDOM_MS = 1000;
const MAX_RENO_ROUNDS = 63;

const MAX_UP_ROUNDS = 30;
const PROBE_ROUND_TRIP_MS = 200;

/** What acknowledgements tell at the moment: nothing special, or about the packets of a probe. */
type Feedback = "none" | "refilling" | "starting" | "probed" | "stopping";

/** A model of the path. Times are in milliseconds, amounts in bytes, rates in bytes per millisecond. */
export class Bbr implements CongestionControl {
  #datagramBytes: number;
  readonly #random: () => number;
  readonly #delivery = new DeliveryRate();
  readonly #pipe = new FullPipe();
  readonly #least = new LeastRoundTrip();
  readonly #bursts = new AcknowledgementBursts();
  readonly #shortTerm = new ShortTermBounds();
  #initialBytes: number;
  #state: State = "startup";
  #windowBytes: number;
  #rate = 0;
  // The model.
  /** The fastest delivery in the last cycle and in this one. */
  #lastCycleRate = 0;
  #cycleRate = 0;
  /** The most on its way that has not lost too much. */
  #longTermBytes = Infinity;
  // Round trips: until something is acknowledged that was sent when the last began.
  #round = 0;
  #roundEndBytes = 0;
  #isRoundStart = false;
  #roundMinMs = Infinity;
  #lastRoundMinMs = Infinity;
  #roundTripMs: number | undefined;
  // The cycle of probes.
  #feedback: Feedback = "none";
  #isProbeSample = false;
  #phaseStartMs = 0;
  #probeWaitMs = 0;
  #roundsSinceProbe = 0;
  #upRounds = 0;
  #upBytes = 0;
  /** For how many acknowledged bytes the bound rises by a datagram. */
  #upEveryBytes = Infinity;
  // The probe for the round trip.
  #priorBytes = 0;
  #probeEndMs: number | undefined;
  #probeRoundPassed = false;
  #restartsFromIdle = false;
  #isWindowLimiting = false;

  /** @param random at least 0 and below 1, so that flows do not probe at the same time */
  constructor(datagramBytes: number, random: () => number) {
    this.#datagramBytes = datagramBytes;
    this.#random = random;
    this.#windowBytes = this.#initialBytes = initialWindowBytes(datagramBytes);
  }

  get windowBytes(): number {
    return this.#windowBytes;
  }

  resize(datagramBytes: number): void {
    this.#datagramBytes = datagramBytes;
    this.#initialBytes = Math.max(this.#initialBytes, initialWindowBytes(datagramBytes));
    this.#windowBytes = Math.max(this.#windowBytes, this.#minWindowBytes);
  }

  rate(roundTripMs: number | undefined): number | undefined {
    if (roundTripMs === undefined) return undefined;
    if (this.#rate === 0) {
      return pacingGains.startup * this.#windowBytes / Math.max(roundTripMs, 0.01);
    }
    return this.#restartsFromIdle && this.#isProbingBandwidth ? this.#modelRate : this.#rate;
  }

  sent(bytes: number, inFlightBytes: number, nowMs: number): DeliveryState {
    if (inFlightBytes === 0 && this.#delivery.isApplicationLimited) {
      this.#restartsFromIdle = true;
      this.#bursts.restart(nowMs);
      if (this.#state === "probeRoundTrip") this.#endRoundTripProbe(nowMs);
    }
    return this.#delivery.sent(bytes, inFlightBytes, nowMs);
  }

  limitByApplication(inFlightBytes: number): void {
    this.#delivery.limitByApplication(inFlightBytes);
  }

  begin(inFlightBytes: number): void {
    this.#isWindowLimiting = inFlightBytes + 3 * this.#datagramBytes >= this.#windowBytes;
  }

  acknowledged({ delivery, bytes }: ControlledPacket, nowMs: number): void {
    if (delivery !== undefined) this.#delivery.acknowledged(delivery, bytes, nowMs);
  }

  measured(roundTripMs: number): void {
    this.#roundTripMs = roundTripMs;
    this.#roundMinMs = Math.min(this.#roundMinMs, roundTripMs);
  }

  lost({ delivery, bytes }: ControlledPacket, nowMs: number): void {
    this.#delivery.lost(bytes);
    this.#shortTerm.lost(bytes);
    if (!this.#isProbeSample || delivery === undefined) return;
    const { inFlightBytes, isApplicationLimited } = delivery;
    const lostBytes = this.#delivery.lostBytes - delivery.lostBytes;
    if (!this.#isTooMuch(lostBytes, inFlightBytes)) return;
    const ceiling = this.#lossCeiling(inFlightBytes) / inFlightBytes;
    // How much was on its way when the share of the lost passed the ceiling.
    const before = inFlightBytes - bytes;
    const prefix = Math.max(0, (ceiling * before - (lostBytes - bytes)) / (1 - ceiling));
    this.#tooMuch(before + prefix, isApplicationLimited, nowMs);
  }

  mistaken({ bytes }: ControlledPacket): void {
    this.#delivery.lost(-bytes);
    this.#shortTerm.mistaken(bytes);
  }

  collapse(packet: ControlledPacket, nowMs: number): void {
    this.lost(packet, nowMs);
    this.#windowBytes = this.#minWindowBytes;
  }

  end(inFlightBytes: number, nowMs: number): void {
    const sample = this.#delivery.take(this.#least.ms);
    if (sample === undefined) return;
    this.#countRounds(sample);
    this.#learnRate(sample);
    const losses = this.#shortTerm.take(sample, this.#delivery.deliveredBytes);
    if (losses !== undefined) this.#judge(losses);
    this.#bursts.acknowledged(
      sample.newBytes,
      this.#modelRate,
      this.#windowBytes,
      this.#round,
      nowMs,
    );
    this.#pipe.watch(sample, this.#isRoundStart);
    if (this.#state === "startup" && this.#pipe.wasFull) this.#state = "drain";
    if (this.#state === "drain" && inFlightBytes <= this.#inFlight(1)) this.#startDown(nowMs);
    this.#cycle(sample, inFlightBytes, nowMs);
    this.#learnRoundTrip(inFlightBytes, nowMs);
    if (losses !== undefined) this.#shortTerm.beginRound(sample);
    this.#restartsFromIdle = false;
    this.#control(sample);
  }

  // The model.

  get #minWindowBytes(): number {
    return MIN_WINDOW_DATAGRAMS * this.#datagramBytes;
  }

  get #maxRate(): number {
    return Math.max(this.#lastCycleRate, this.#cycleRate);
  }

  get #modelRate(): number {
    return Math.min(this.#maxRate, this.#shortTerm.rate);
  }

  get #isProbingBandwidth(): boolean {
    const state = this.#state;
    return state === "down" || state === "cruise" || state === "refill" || state === "up";
  }

  /** What belongs on the way at this part of what the path holds. */
  #inFlight(gain: number, rate: number = this.#maxRate): number {
    if (this.#least.ms === Infinity) return this.#initialBytes;
    // A burst of a timer's millisecond leaves, arrives and is acknowledged at a time.
    const quantum = Math.max(2 * this.#datagramBytes, rate);
    const bytes = Math.max(gain * rate * this.#least.ms, 3 * quantum, this.#minWindowBytes);
    return this.#state === "up" ? bytes + 2 * this.#datagramBytes : bytes;
  }

  /** The most that leaves room to others. */
  get #headroomBytes(): number {
    return Math.max(this.#minWindowBytes, (1 - HEADROOM) * this.#longTermBytes);
  }

  get #hasQueue(): boolean {
    const recentMs = Math.min(this.#roundMinMs, this.#lastRoundMinMs);
    return recentMs > this.#least.ms + riseMs(this.#least.ms);
  }

  /** The most that may be lost of so much. */
  #lossCeiling(bytes: number): number {
    if (this.#hasQueue) return LOSS_CEILING * bytes;
    const ceiling = LOSS_CEILING_WITHOUT_QUEUE * bytes;
    return ceiling + DEVIATIONS * Math.sqrt(ceiling * this.#datagramBytes);
  }

  #isTooMuch(lostBytes: number, ofBytes: number): boolean {
    return lostBytes > this.#lossCeiling(ofBytes);
  }

  #countRounds(sample: RateSample): void {
    this.#isRoundStart = sample.priorBytes >= this.#roundEndBytes;
    if (!this.#isRoundStart) return;
    this.#startRound();
    this.#round++;
    this.#roundsSinceProbe++;
    this.#bursts.beginRound(this.#round);
    this.#lastRoundMinMs = this.#roundMinMs;
    this.#roundMinMs = this.#roundTripMs ?? Infinity;
  }

  #startRound(): void {
    this.#roundEndBytes = this.#delivery.deliveredBytes;
  }

  #learnRate({ rate, isApplicationLimited }: RateSample): void {
    if (rate < this.#maxRate && isApplicationLimited) return;
    this.#cycleRate = Math.max(this.#cycleRate, rate);
  }

  /** A round trip is over. */
  #judge({ lostBytes, settledBytes, packets, deliveredBytes }: RoundLosses): void {
    const isTooMuch = this.#isTooMuch(lostBytes, settledBytes);
    if (this.#state === "startup") {
      if (!isTooMuch || packets < STARTUP_LOSSES) return;
      this.#pipe.wasFull = true;
      this.#longTermBytes = Math.max(this.#inFlight(1), deliveredBytes);
    } else if (isTooMuch && this.#state !== "refill" && this.#state !== "up") {
      this.#shortTerm.reduce(this.#maxRate, this.#windowBytes);
    }
  }

  /** Too much was lost of this much on its way. */
  #tooMuch(inFlightBytes: number, isApplicationLimited: boolean, nowMs: number): void {
    this.#isProbeSample = false;
    if (!isApplicationLimited) {
      const target = Math.min(this.#inFlight(1), this.#windowBytes);
      this.#longTermBytes = Math.max(inFlightBytes, REDUCTION * target);
    }
    if (this.#state === "up") this.#startDown(nowMs);
  }

  /** Learns how much may be on its way from what a probe has met. */
  #learnLongTerm(sample: RateSample, nowMs: number): void {
    if (this.#isRoundStart) {
      if (this.#feedback === "starting") this.#feedback = "probed";
      else if (this.#feedback === "stopping") {
        this.#isProbeSample = false;
        this.#feedback = "none";
        if (this.#isProbingBandwidth && !sample.isApplicationLimited) {
          this.#lastCycleRate = this.#cycleRate;
          this.#cycleRate = 0;
        }
      }
    }
    const { inFlightBytes, lostBytes, isApplicationLimited } = sample;
    if (this.#isTooMuch(lostBytes, inFlightBytes)) {
      if (this.#isProbeSample) this.#tooMuch(inFlightBytes, isApplicationLimited, nowMs);
      return;
    }
    if (this.#longTermBytes === Infinity) return;
    this.#longTermBytes = Math.max(this.#longTermBytes, inFlightBytes);
    if (this.#state === "up") this.#raiseLongTerm(sample.newBytes);
  }

  #raiseLongTerm(newBytes: number): void {
    if (!this.#isWindowLimiting || this.#windowBytes < this.#longTermBytes) return;
    this.#upBytes += newBytes;
    const steps = Math.floor(this.#upBytes / this.#upEveryBytes);
    this.#upBytes -= steps * this.#upEveryBytes;
    this.#longTermBytes += steps * this.#datagramBytes;
    if (this.#isRoundStart) this.#steepen();
  }

  /** The bound rises faster from one round trip to the next. */
  #steepen(): void {
    const datagrams = 2 ** this.#upRounds;
    this.#upRounds = Math.min(MAX_UP_ROUNDS, this.#upRounds + 1);
    this.#upEveryBytes = Math.max(this.#windowBytes / datagrams, this.#datagramBytes);
  }

  // The cycle of probes for bandwidth.

  #cycle(sample: RateSample, inFlightBytes: number, nowMs: number): void {
    if (!this.#pipe.wasFull) return;
    this.#learnLongTerm(sample, nowMs);
    switch (this.#state) {
      case "down":
        if (this.#isTimeToProbe(nowMs)) this.#startRefill();
        else if (inFlightBytes <= Math.min(this.#headroomBytes, this.#inFlight(1))) {
          this.#state = "cruise";
        }
        return;
      case "cruise":
        if (this.#isTimeToProbe(nowMs)) this.#startRefill();
        return;
      case "refill":
        if (this.#isRoundStart) this.#startUp(sample);
        return;
      case "up":
        if (this.#isWindowLimiting && this.#windowBytes >= this.#longTermBytes) {
          // The bound holds the rate back, not the path.
          this.#pipe.restart(sample.rate);
        } else if (this.#pipe.isFullNow) {
          this.#startDown(nowMs);
        }
    }
  }

  #isTimeToProbe(nowMs: number): boolean {
    if (nowMs > this.#phaseStartMs + this.#probeWaitMs) return true;
    const datagrams = Math.min(this.#inFlight(1), this.#windowBytes) / this.#datagramBytes;
    return this.#roundsSinceProbe >= Math.min(MAX_RENO_ROUNDS, datagrams);
  }

  #startDown(nowMs: number): void {
    this.#shortTerm.forgetRound();
    this.#upEveryBytes = Infinity;
    this.#roundsSinceProbe = this.#random() < 0.5 ? 0 : 1;
    this.#probeWaitMs = PROBE_WAIT_MS + this.#random() * PROBE_WAIT_RANDOM_MS;
    this.#phaseStartMs = nowMs;
    this.#feedback = "stopping";
    this.#startRound();
    this.#state = "down";
  }

  #startRefill(): void {
    this.#shortTerm.lift();
    this.#upRounds = this.#upBytes = 0;
    this.#feedback = "refilling";
    this.#startRound();
    this.#state = "refill";
  }

  #startUp(sample: RateSample): void {
    this.#isProbeSample = true;
    this.#feedback = "starting";
    this.#startRound();
    this.#pipe.restart(sample.rate);
    this.#state = "up";
    this.#steepen();
  }

  // The probe for the least round trip.

  #learnRoundTrip(inFlightBytes: number, nowMs: number): void {
    if (this.#roundTripMs === undefined) return;
    this.#least.measured(this.#roundTripMs, nowMs);
    this.#roundTripMs = undefined;
    const wasDue = this.#least.isProbeDue;
    if (this.#state !== "probeRoundTrip") {
      if (!wasDue || this.#restartsFromIdle) return;
      this.#state = "probeRoundTrip";
      this.#priorBytes = this.#windowBytes;
      this.#probeEndMs = undefined;
      this.#feedback = "stopping";
      this.#startRound();
    }
    // What is measured now is not what the path carries.
    this.limitByApplication(inFlightBytes);
    if (this.#probeEndMs === undefined) {
      if (inFlightBytes > this.#probeWindowBytes) return;
      this.#probeEndMs = nowMs + PROBE_ROUND_TRIP_MS;
      this.#probeRoundPassed = false;
      this.#startRound();
      return;
    }
    if (this.#isRoundStart) this.#probeRoundPassed = true;
    if (this.#probeRoundPassed) this.#endRoundTripProbe(nowMs);
  }

  get #probeWindowBytes(): number {
    return Math.max(
      windowGains.probeRoundTrip * this.#modelRate * this.#least.ms,
      this.#minWindowBytes,
    );
  }

  #endRoundTripProbe(nowMs: number): void {
    if (this.#probeEndMs === undefined || nowMs <= this.#probeEndMs) return;
    this.#least.probed(nowMs);
    this.#windowBytes = Math.max(this.#windowBytes, this.#priorBytes);
    this.#shortTerm.lift();
    if (!this.#pipe.wasFull) {
      this.#state = "startup";
      return;
    }
    this.#startDown(nowMs);
    this.#state = "cruise";
  }

  // What the model means for sending.

  #control(sample: RateSample): void {
    const rate = pacingGains[this.#state] * this.#modelRate * PACING_MARGIN;
    if (rate > 0 && (this.#pipe.wasFull || rate > this.#rate)) this.#rate = rate;
    const most = this.#inFlight(windowGains[this.#state], this.#modelRate) +
      this.#bursts.extraBytes;
    let window = this.#windowBytes;
    if (this.#pipe.wasFull) window = Math.min(window + sample.newBytes, most);
    else if (window < most || this.#delivery.deliveredBytes < this.#initialBytes) {
      window += sample.newBytes;
    }
    window = Math.min(window, this.#boundBytes());
    if (this.#state === "probeRoundTrip") window = Math.min(window, this.#probeWindowBytes);
    this.#windowBytes = Math.max(window, this.#minWindowBytes);
  }

  #boundBytes(): number {
    const state = this.#state;
    const longTerm = state === "cruise" || state === "probeRoundTrip"
      ? this.#headroomBytes
      : this.#isProbingBandwidth
      ? this.#longTermBytes
      : Infinity;
    return Math.min(longTerm, this.#shortTerm.inFlightBytes);
  }
}
