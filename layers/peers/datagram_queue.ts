// A queue of the datagrams and ends of sessions that a layer has ready for the socket above it.

import type { Clock } from "../../core/clock.ts";
import type { Datagram } from "../../core/connection.ts";

/** How much may wait before the socket below is no longer read. */
const MAX_WAITING = 1024;

/** How long to wait after reading failed for a reason that may last. */
const READ_AGAIN_MS = 75;

/** A queue with one reader. */
export class DatagramQueue {
  #waiting: (Datagram | Error)[] = [];
  #reader: PromiseWithResolvers<Datagram | null> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #closed = false;

  /** Whether the reader waits: the next item is handed out at once. */
  get isAwaited(): boolean {
    return this.#reader !== undefined;
  }

  push(item: Datagram | Error): void {
    if (this.#closed) return;
    const reader = this.#reader;
    if (reader === undefined) {
      this.#waiting.push(item);
      return;
    }
    this.#reader = undefined;
    if (item instanceof Error) reader.reject(item);
    else reader.resolve(item);
  }

  /** Tells the reader that the socket below could not be read. */
  fail(error: unknown): void {
    this.push(error instanceof Error ? error : new Error(String(error)));
  }

  /** The same, and resolves when it is worth another try. */
  async failForNow(error: unknown, clock: Pick<Clock, "after">): Promise<void> {
    this.fail(error);
    await new Promise<void>((resolve) => void clock.after(READ_AGAIN_MS, resolve));
  }

  /** The next item, or null once closed. */
  next(): Promise<Datagram | null> {
    const item = this.#waiting.shift();
    if (this.#room !== undefined && this.#waiting.length < MAX_WAITING) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (item instanceof Error) return Promise.reject(item);
    if (item !== undefined) return Promise.resolve(item);
    if (this.#closed) return Promise.resolve(null);
    this.#reader ??= Promise.withResolvers();
    return this.#reader.promise;
  }

  /** Resolves when there is room for more; undefined when there is some now. */
  get room(): Promise<void> | undefined {
    if (this.#closed || this.#waiting.length < MAX_WAITING) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Nothing more will come; what waits can still be read. */
  close(): void {
    this.#closed = true;
    this.#reader?.resolve(null);
    this.#reader = undefined;
    this.#room?.resolve();
  }
}
