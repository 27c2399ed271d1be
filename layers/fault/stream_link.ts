// One direction of a stream whose network misbehaves on purpose: when bytes arrive, and when the
// connection breaks. It keeps no bytes.

import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import { Pace, slowQueueBytes } from "./pace.ts";
import { seededRandom } from "./random.ts";
import type { LinkFaults } from "./spec.ts";

/** The longest queue of one direction unless the user says otherwise, as latency alone gets: it keeps
 * a fast link full. */
const LONG_QUEUE_BYTES = 4 * 1024 * 1024;

/** Bytes travel in pieces of what the bandwidth carries in this time, so that they come one after
 * the other and not all at the end. */
const PIECE_MS = 5;
export const LARGEST_PIECE_BYTES = 64 * 1024;

/** The clock, the seed and the counters that the links of a connection work with. */
export interface StreamFaultWork {
  readonly clock: Clock;
  readonly seed: number;
  /** The number of the connection at its endpoint: each has chances of its own. */
  readonly index: number;
  readonly counters: Counters;
  /** When the time of a blackout begins to count. */
  readonly openedMs: number;
}

/** How a connection was broken on purpose. */
export type Break = "reset" | "close";

export class StreamLink {
  /** Whether anything may come out other than at once. */
  readonly waits: boolean;
  readonly pieceBytes: number;
  readonly queueBytes: number;
  readonly #faults: LinkFaults;
  readonly #random: () => number;
  readonly #pace: Pace;
  #passedBytes = 0;
  #lastDueMs = -Infinity;

  constructor(faults: LinkFaults, stream: number, { seed, openedMs }: StreamFaultWork) {
    const { bandwidthBytesPerSecond, queueBytes, slice, blackout } = faults;
    this.#faults = faults;
    this.#random = seededRandom(seed, stream);
    this.#pace = new Pace(faults, openedMs);
    this.waits = this.#pace.isNeeded || blackout !== undefined || (slice?.pauseMs ?? 0) > 0;
    const carried = (bandwidthBytesPerSecond ?? Infinity) * PIECE_MS / 1000;
    this.pieceBytes = Math.max(
      1,
      Math.floor(Math.min(carried, slice?.bytes ?? Infinity, LARGEST_PIECE_BYTES)),
    );
    this.queueBytes = queueBytes ??
      Math.min(LONG_QUEUE_BYTES, slowQueueBytes(bandwidthBytesPerSecond ?? Infinity));
  }

  /** How many bytes may still pass before the connection breaks. */
  get leftBytes(): number {
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return Math.min(resetAfterBytes, closeAfterBytes) - this.#passedBytes;
  }

  /** Whether chance breaks the connection at this chunk: one draw for each. */
  breaksNow(): boolean {
    return this.#random() < this.#faults.reset;
  }

  /** Notes that bytes have passed; says whether the connection breaks behind them. */
  passed(bytes: number): Break | undefined {
    this.#passedBytes += bytes;
    if (this.leftBytes > 0) return undefined;
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return resetAfterBytes <= closeAfterBytes ? "reset" : "close";
  }

  /** When bytes that are sent now come out; never before those that were sent earlier. */
  dueMs(bytes: number, nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    // One draw for each piece, so that a run without jitter has the same chances as one with it.
    const arrivalMs = this.#pace.arrivalMs(bytes, startMs, this.#random());
    const pauseMs = this.#faults.slice?.pauseMs ?? 0;
    return this.#lastDueMs = Math.max(arrivalMs, this.#lastDueMs + pauseMs);
  }

  /** When the end of the stream comes out. */
  endDueMs(nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    return Math.max(startMs + (this.#faults.latencyMs ?? 0), this.#lastDueMs);
  }
}
