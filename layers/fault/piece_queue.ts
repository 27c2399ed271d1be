// A queue for one direction of a slowed stream: the bytes that were sent and have not yet come out
// at the other end, each with the time at which it does.

import type { Clock } from "../../core/clock.ts";
import { callAt } from "./punctual.ts";

/** The most pieces in one queue, however small: a piece of one byte takes the memory of a hundred. It
 * is enough for small messages on a long link. */
export const MAX_PIECES = 8192;

/** Bytes with the time at which they come out; null is the end of the stream. */
export interface Piece {
  readonly bytes: Uint8Array | null;
  readonly dueMs: number;
}

/** Pieces that wait for their time, in order, up to so many bytes and `MAX_PIECES`. */
export class PieceQueue {
  readonly #clock: Clock;
  #maxBytes: number;
  #pieces: Piece[] = [];
  #bytes = 0;
  #over = false;
  #changed = Promise.withResolvers<void>();

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Replaces the limit of its bytes, and the times of what waits.
   * @param dueMsOf called in order, for each piece once */
  change(maxBytes: number, dueMsOf: (piece: Piece) => number): void {
    this.#maxBytes = maxBytes;
    this.#pieces = this.#pieces.map((piece) => ({ ...piece, dueMs: dueMsOf(piece) }));
    this.stir();
  }

  /** Waits until there is room. False when the queue is over. */
  async hasRoom(): Promise<boolean> {
    while (!this.#over && (this.#bytes >= this.#maxBytes || this.#pieces.length >= MAX_PIECES)) {
      await this.#changed.promise;
    }
    return !this.#over;
  }

  /** Waits until nothing waits any more, or the queue is over. */
  async emptied(): Promise<void> {
    while (!this.#over && this.#pieces.length > 0) await this.#changed.promise;
  }

  push(piece: Piece): void {
    this.#bytes += piece.bytes?.length ?? 0;
    this.#pieces.push(piece);
    this.stir();
  }

  /** The first piece once it is due, which stays in the queue; undefined when the queue is over, or is
   * empty and waits for nothing more. */
  async first(isFed: () => boolean = () => true): Promise<Piece | undefined> {
    for (;;) {
      if (this.#over) return undefined;
      const [piece] = this.#pieces;
      if (piece === undefined && !isFed()) return undefined;
      if (piece !== undefined && piece.dueMs <= this.#clock.elapsedMs()) return piece;
      const stopTimer = piece === undefined
        ? undefined
        : callAt(this.#clock, piece.dueMs, () => this.stir());
      await this.#changed.promise;
      stopTimer?.();
    }
  }

  /** Takes bytes off the first piece. */
  take(bytes: number): void {
    const piece = this.#pieces[0]!;
    this.#bytes -= bytes;
    if (piece.bytes === null || bytes === piece.bytes.length) this.#pieces.shift();
    else this.#pieces[0] = { ...piece, bytes: piece.bytes.subarray(bytes) };
    this.stir();
  }

  end(): void {
    this.#over = true;
    this.stir();
  }

  /** Makes all who wait look again. */
  stir(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
