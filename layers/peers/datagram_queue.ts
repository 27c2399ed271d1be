// What a layer has for its reader: datagrams and the ends of sessions, in their order.

import type { Datagram } from "../../core/connection.ts";

/** How much may wait before the socket below is no longer read. */
const MAX_WAITING = 1024;

/** A queue with one reader. */
export class DatagramQueue {
  #waiting: (Datagram | Error)[] = [];
  #reader: PromiseWithResolvers<Datagram | null> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #closed = false;

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
