// A connection with back-pressure in both directions: reading stops while enough requests wait, and
// a client that reads nothing of a response in time is disconnected.

import type { Connection } from "../../core/connection.ts";
import { PrefixedConnection } from "../../core/streams/prefixed_connection.ts";

/** A longer delay overflows, and the timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Bytes that a client has to read in the write timeout: with more, a slow client looks stalled. */
const PIECE_BYTES = 64 * 1024;

export interface Pace {
  /** Undefined when there is room for more requests, else a promise that resolves when there is. */
  room(): Promise<void> | undefined;
  readonly writeTimeoutMs: number;
}

/** Reads only while there is room, and disconnects a client that reads nothing of a response. */
export class PacedConnection extends PrefixedConnection {
  readonly #pace: Pace;

  constructor(inner: Connection, prefix: Uint8Array, pace: Pace) {
    super(inner, prefix);
    this.#pace = pace;
  }

  override read(into: Uint8Array): Promise<number | null> {
    const room = this.#pace.room();
    return room === undefined ? super.read(into) : room.then(() => this.read(into));
  }

  override async write(all: Uint8Array): Promise<void> {
    for (let at = 0; at < all.length; at += PIECE_BYTES) {
      await this.#inTime(super.write(all.subarray(at, at + PIECE_BYTES)));
    }
  }

  async #inTime(written: Promise<void>): Promise<void> {
    const { writeTimeoutMs } = this.#pace;
    if (!Number.isFinite(writeTimeoutMs)) return await written;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`the peer took nothing of the answer for ${writeTimeoutMs} ms`));
      // After the timeout, a failure of the write has no other handler.
      written.catch(() => {});
      this[Symbol.dispose]();
    }, Math.min(writeTimeoutMs, LONGEST_TIMER_MS));
    try {
      await Promise.race([written, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}
