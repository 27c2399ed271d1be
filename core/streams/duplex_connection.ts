// Adapts a Node stream to a Connection.

import type { Duplex } from "node:stream";
import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Identity } from "../session.ts";

/** Stops and starts the input of a stream. */
export interface Flow {
  hold(): void;
  release(): void;
}

/** Unread input beyond which the stream is held, and below which it is released, in bytes. */
const HELD_BYTES = 64 * 1024;
const RELEASED_BYTES = 16 * 1024;

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: Error) => void;
}

interface PendingWrite {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A Node `Duplex`, such as a socket of node:net or node:tls, as a Connection. It must be open. */
export class DuplexConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly identity: Identity | undefined;
  readonly #stream: Duplex;
  readonly #flow: Flow;
  #ended = false;
  #failure: Error | undefined;
  /** Of a write: the stream tells its error only once its input has been read, which may be held. */
  #writeFailure: Error | undefined;
  #reading: PendingRead | undefined;
  /** The writes that the stream has not called back for, the oldest first. */
  readonly #unsettled: PendingWrite[] = [];
  /** Input that no read has taken yet, the first of it from `#at` on. */
  readonly #unread: Uint8Array[] = [];
  #at = 0;
  #unreadBytes = 0;
  #held = false;

  /** @param flow stops and starts the input; by default the stream itself does */
  constructor(
    stream: Duplex,
    { local, remote, identity, flow }: {
      readonly local: Address;
      readonly remote: Address;
      readonly identity?: Identity | undefined;
      readonly flow?: Flow;
    },
  ) {
    this.#stream = stream;
    this.#flow = flow ?? { hold: () => stream.pause(), release: () => stream.resume() };
    this.identity = identity;
    this.local = local;
    this.remote = remote;
    stream.on("data", (chunk: Uint8Array) => this.#take(chunk));
    stream.on("end", () => this.#end());
    stream.on("error", (error: Error) => {
      this.#failure = error;
      this.#end();
    });
    stream.on("close", () => {
      this.#end();
      this.#abandon();
    });
    // It may have been opened paused.
    stream.resume();
  }

  read(into: Uint8Array): Promise<number | null> {
    const first = this.#unread[0];
    if (first === undefined) {
      if (this.#failure !== undefined) return Promise.reject(this.#failure);
      if (this.#ended) return Promise.resolve(null);
      return new Promise((resolve, reject) => {
        this.#reading = { into, resolve, reject };
      });
    }
    const count = Math.min(first.length - this.#at, into.length);
    into.set(first.subarray(this.#at, this.#at + count));
    this.#at += count;
    this.#unreadBytes -= count;
    if (this.#at === first.length) {
      this.#unread.shift();
      this.#at = 0;
    }
    if (this.#held && this.#unreadBytes <= RELEASED_BYTES) {
      this.#held = false;
      this.#flow.release();
    }
    return Promise.resolve(count);
  }

  #take(chunk: Uint8Array): void {
    const reading = this.#reading;
    let count = 0;
    if (reading !== undefined) {
      this.#reading = undefined;
      count = Math.min(chunk.length, reading.into.length);
      reading.into.set(count < chunk.length ? chunk.subarray(0, count) : chunk);
      reading.resolve(count);
      if (count === chunk.length) return;
    }
    this.#unread.push(count === 0 ? chunk : chunk.subarray(count));
    this.#unreadBytes += chunk.length - count;
    if (this.#held || this.#unreadBytes < HELD_BYTES) return;
    this.#held = true;
    this.#flow.hold();
  }

  #end(): void {
    this.#ended = true;
    const reading = this.#reading;
    this.#reading = undefined;
    if (this.#failure !== undefined) reading?.reject(this.#failure);
    else reading?.resolve(null);
  }

  write(all: Uint8Array): Promise<void> {
    return this.#settled(() => this.#stream.write(all, this.#settle));
  }

  closeWrite(): Promise<void> {
    return this.#settled(() => this.#stream.end(this.#settle)).catch(() => {});
  }

  reset(): void {
    const { resetAndDestroy } = this.#stream as { readonly resetAndDestroy?: () => unknown };
    if (resetAndDestroy === undefined) this.#stream.destroy();
    else resetAndDestroy.call(this.#stream);
    this.#abandon();
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
    this.#abandon();
  }

  /** Resolves when the stream calls back, or rejects: a stream that is destroyed or has failed need
   * not call back, and one that has ended does so out of turn. */
  #settled(begin: () => void): Promise<void> {
    const { destroyed, errored, writableEnded } = this.#stream;
    const failure = this.#writeFailure ?? errored;
    if (failure) return Promise.reject(failure);
    if (destroyed) return Promise.reject(new Error("the connection is closed"));
    if (writableEnded) return Promise.reject(new Error("cannot write after the end"));
    return new Promise((resolve, reject) => {
      this.#unsettled.push({ resolve, reject });
      begin();
    });
  }

  /** The callback of all writes: a stream calls back in the order of its writes. */
  readonly #settle = (error?: Error | null): void => {
    const write = this.#unsettled.shift();
    if (!error) return write?.resolve();
    this.#writeFailure ??= error;
    write?.reject(error);
    for (const { reject } of this.#unsettled.splice(0)) reject(error);
  };

  #abandon(): void {
    for (const { reject } of this.#unsettled.splice(0)) {
      reject(new Error("the connection was closed"));
    }
  }
}
