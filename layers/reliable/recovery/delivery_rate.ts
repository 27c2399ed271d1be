// How fast the path delivers, from acknowledgements: a sample is what was delivered between the
// sending of a packet and its acknowledgement, over the longer of the times in which it was sent and
// acknowledged (draft-ietf-ccwg-bbr, section "Delivery Rate Samples").

/** What was known when a packet was sent. Times are in milliseconds, everything else in bytes. */
export interface DeliveryState {
  readonly sentAtMs: number;
  readonly deliveredBytes: number;
  readonly deliveredAtMs: number;
  /** When the first packet of the flight was sent that this one ends. */
  readonly firstSentAtMs: number;
  /** Whether the application, not the path, decided how much was sent. */
  readonly isApplicationLimited: boolean;
  /** On the way, this packet included. */
  readonly inFlightBytes: number;
  readonly lostBytes: number;
}

/** What an acknowledgement tells of the path. */
export interface RateSample {
  /** Bytes per millisecond; 0 when the time was too short to tell. */
  readonly rate: number;
  /** Delivered when the packet was sent of which the sample is. */
  readonly priorBytes: number;
  /** Delivered since. */
  readonly deliveredBytes: number;
  readonly isApplicationLimited: boolean;
  readonly inFlightBytes: number;
  readonly lostBytes: number;
  /** Delivered by this acknowledgement. */
  readonly newBytes: number;
}

/** Counts what is sent, delivered and lost, and takes a sample with each acknowledgement. */
export class DeliveryRate {
  deliveredBytes = 0;
  lostBytes = 0;
  #deliveredAtMs = 0;
  #firstSentAtMs = 0;
  /** Until this much was delivered, samples are limited by the application. */
  #limitedUntilBytes = -1;
  #newest: DeliveryState | undefined;
  #newBytes = 0;

  /** Whether what is sent now is limited by the application. */
  get isApplicationLimited(): boolean {
    return this.#limitedUntilBytes >= this.deliveredBytes;
  }

  /** @param inFlightBytes on their way before this packet */
  sent(bytes: number, inFlightBytes: number, nowMs: number): DeliveryState {
    if (inFlightBytes === 0) this.#firstSentAtMs = this.#deliveredAtMs = nowMs;
    return {
      sentAtMs: nowMs,
      deliveredBytes: this.deliveredBytes,
      deliveredAtMs: this.#deliveredAtMs,
      firstSentAtMs: this.#firstSentAtMs,
      isApplicationLimited: this.isApplicationLimited,
      inFlightBytes: inFlightBytes + bytes,
      lostBytes: this.lostBytes,
    };
  }

  /** The application leaves room in the window unused. */
  limitByApplication(inFlightBytes: number): void {
    this.#limitedUntilBytes = this.deliveredBytes + inFlightBytes;
  }

  acknowledged(state: DeliveryState, bytes: number, nowMs: number): void {
    this.deliveredBytes += bytes;
    this.#newBytes += bytes;
    this.#deliveredAtMs = nowMs;
    const newest = this.#newest;
    const isNewer = newest === undefined || state.sentAtMs > newest.sentAtMs ||
      (state.sentAtMs === newest.sentAtMs && state.deliveredBytes >= newest.deliveredBytes);
    if (!isNewer) return;
    this.#newest = state;
    this.#firstSentAtMs = state.sentAtMs;
  }

  lost(bytes: number): void {
    this.lostBytes += bytes;
  }

  /** The sample of what was acknowledged since the last call; undefined when that is nothing.
   * @param leastRoundTripMs a shorter time tells nothing */
  take(leastRoundTripMs: number): RateSample | undefined {
    const state = this.#newest;
    if (state === undefined) return undefined;
    const deliveredBytes = this.deliveredBytes - state.deliveredBytes;
    const sendMs = state.sentAtMs - state.firstSentAtMs;
    const acknowledgeMs = this.#deliveredAtMs - state.deliveredAtMs;
    const ms = Math.max(sendMs, acknowledgeMs);
    const isLongEnough = ms > 0 && ms >= 0.999 * leastRoundTripMs;
    const sample = {
      rate: isLongEnough ? deliveredBytes / ms : 0,
      priorBytes: state.deliveredBytes,
      deliveredBytes,
      isApplicationLimited: state.isApplicationLimited,
      inFlightBytes: state.inFlightBytes,
      lostBytes: this.lostBytes - state.lostBytes,
      newBytes: this.#newBytes,
    };
    this.#newest = undefined;
    this.#newBytes = 0;
    return sample;
  }
}
