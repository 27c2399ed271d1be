// One direction of a stream whose network misbehaves on purpose: when bytes arrive, and when the
// connection breaks. It keeps no bytes.

import type { Decisions } from "./deeds.ts";
import { note } from "./deeds.ts";
import { Pace, slowQueueBytes } from "./pace.ts";
import type { Piece } from "./piece_queue.ts";
import { seededRandom } from "./random.ts";
import { type LinkFaults, NO_FAULTS } from "./spec.ts";

/** The longest queue of one direction unless the user says otherwise, as latency alone gets: it keeps
 * a fast link full. */
const LONG_QUEUE_BYTES = 4 * 1024 * 1024;

/** Bytes travel in pieces of what the bandwidth carries in this time, so that they come one after
 * the other and not all at the end. */
const PIECE_MS = 5;
export const LARGEST_PIECE_BYTES = 64 * 1024;

/** The end of a stream through which nothing passes waits for other faults; no timer is longer. */
const UNTIL_CHANGED_MS = 1e9;

/** The sizes of slices have chances of their own, so that they shift no other decision. */
const FIRST_SLICE_STREAM = 0x2000_0000;

/** How a connection was broken on purpose. */
export type Break = "reset" | "close";

export class StreamLink {
  /** Whether anything may come out other than at once. */
  readonly waits: boolean;
  /** Whether nothing comes out at all. */
  readonly drops: boolean;
  readonly queueBytes: number;
  /** How much later than its last byte the stream ends. */
  readonly closeAfterMs: number;
  readonly #faults: LinkFaults;
  readonly #did: Record<string, number>;
  readonly #random: () => number;
  readonly #sliceRandom: () => number;
  readonly #pace: Pace;
  readonly #carriedBytes: number;
  #pieceBytes: number;
  #passedBytes = 0;
  #lastDueMs = -Infinity;

  constructor(
    faults: LinkFaults,
    direction: "in" | "out",
    { seed, index, openedMs, did }: Decisions,
  ) {
    const { bandwidthBytesPerSecond, queueBytes, slice, blackout, slowCloseMs } = faults;
    const stream = 2 * index + (direction === "in" ? 0 : 1);
    this.#faults = faults;
    this.#did = did[direction];
    this.#random = seededRandom(seed, stream);
    this.#sliceRandom = seededRandom(seed, FIRST_SLICE_STREAM + stream);
    this.#pace = new Pace(faults, openedMs);
    this.drops = faults.timeoutMs !== undefined;
    this.closeAfterMs = this.drops ? UNTIL_CHANGED_MS : slowCloseMs;
    this.waits = this.#pace.isNeeded || blackout !== undefined || (slice?.pauseMs ?? 0) > 0 ||
      this.closeAfterMs > 0;
    this.#carriedBytes = (bandwidthBytesPerSecond ?? Infinity) * PIECE_MS / 1000;
    this.#pieceBytes = this.#nextPieceBytes();
    this.queueBytes = queueBytes ??
      Math.min(LONG_QUEUE_BYTES, slowQueueBytes(bandwidthBytesPerSecond ?? Infinity));
  }

  /** Whether everything passes untouched. */
  get isQuiet(): boolean {
    return this.#faults === NO_FAULTS;
  }

  /** The most bytes that pass at a time now. */
  get pieceBytes(): number {
    return this.#pieceBytes;
  }

  /** How many bytes may still pass before the connection breaks. */
  get leftBytes(): number {
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return Math.min(resetAfterBytes, closeAfterBytes) - this.#passedBytes;
  }

  /** When the connection breaks by itself, and how; undefined when it does not.
   * @param sinceMs when it was opened, or the faults were set */
  breakAt(sinceMs: number): { readonly dueMs: number; readonly how: Break } | undefined {
    const { resetInMs = Infinity, timeoutMs = Infinity } = this.#faults;
    const closeInMs = timeoutMs === 0 ? Infinity : timeoutMs;
    if (Math.min(resetInMs, closeInMs) === Infinity) return undefined;
    return resetInMs <= closeInMs
      ? { dueMs: sinceMs + resetInMs, how: "reset" }
      : { dueMs: sinceMs + closeInMs, how: "close" };
  }

  /** Whether chance breaks the connection at this chunk: one draw for each. */
  breaksNow(): boolean {
    return this.#random() < this.#faults.reset;
  }

  /** Notes that bytes have passed; says whether the connection breaks behind them. */
  passed(bytes: number): Break | undefined {
    this.#passedBytes += bytes;
    // Where bytes wait, they were cut when they began to.
    if (!this.waits && this.#faults.slice !== undefined) this.#pieceBytes = this.#nextPieceBytes();
    if (this.leftBytes > 0) return undefined;
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return resetAfterBytes <= closeAfterBytes ? "reset" : "close";
  }

  /** Notes that bytes came to nothing. */
  dropped(): void {
    note(this.#did, "timeout");
  }

  /** Notes how the connection was broken. */
  broke(how: Break): void {
    note(this.#did, how);
  }

  /** When bytes that are sent now come out; never before those that were sent earlier. */
  dueMs(bytes: number, nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    // One draw for each piece, so that a run without jitter has the same chances as one with it.
    const arrivalMs = this.#pace.arrivalMs(bytes, startMs, this.#random());
    const pauseMs = this.#faults.slice?.pauseMs ?? 0;
    this.#pieceBytes = this.#nextPieceBytes();
    this.#lastDueMs = Math.max(arrivalMs, this.#lastDueMs + pauseMs);
    if (this.#lastDueMs > nowMs) note(this.#did, "delayed");
    return this.#lastDueMs;
  }

  /** When the end of the stream comes out. */
  endDueMs(nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    const arrivalMs = Math.max(startMs + (this.#faults.latencyMs ?? 0), this.#lastDueMs);
    return arrivalMs + this.closeAfterMs;
  }

  /** The new time of a piece that was sent before these faults were set: no later than its old one,
   * and no later than that of a piece that is sent now without jitter. */
  hastened({ bytes, dueMs }: Piece, nowMs: number): number {
    const arrivalMs = bytes === null
      ? this.endDueMs(nowMs)
      : this.#pace.arrivalMs(bytes.length, nowMs, 0.5);
    return this.#lastDueMs = Math.max(this.#lastDueMs, Math.min(dueMs, arrivalMs));
  }

  #nextPieceBytes(): number {
    const { slice } = this.#faults;
    const varied = slice && slice.bytes + slice.varyBytes * (2 * this.#sliceRandom() - 1);
    return Math.max(
      1,
      Math.floor(Math.min(this.#carriedBytes, varied ?? Infinity, LARGEST_PIECE_BYTES)),
    );
  }
}
