// Adapts a Node stream to a Connection.

import type { Duplex } from "node:stream";
import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Identity } from "../session.ts";

/** A Node `Duplex`, such as a socket of node:net or node:tls, as a Connection. It must be open. */
export class DuplexConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly identity: Identity | undefined;
  readonly #stream: Duplex;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  /** Rejects the pending writes. */
  readonly #unsettled = new Set<(error: Error) => void>();
  /** Bytes that a read took from the stream and its buffer had no room for. */
  #rest: Uint8Array | undefined;

  constructor(
    stream: Duplex,
    addresses: {
      readonly local: Address;
      readonly remote: Address;
      readonly identity?: Identity | undefined;
    },
  ) {
    this.#stream = stream;
    this.identity = addresses.identity;
    this.local = addresses.local;
    this.remote = addresses.remote;
    const wake = () => {
      this.#wake?.();
      this.#wake = undefined;
    };
    stream.on("readable", wake);
    stream.on("end", () => {
      this.#ended = true;
      wake();
    });
    stream.on("error", (error: Error) => {
      this.#failure = error;
      wake();
    });
    stream.on("close", () => {
      this.#ended = true;
      wake();
      this.#abandon();
    });
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk = this.#rest ?? this.#stream.read() as Uint8Array | null;
      if (chunk !== null) {
        const count = Math.min(chunk.length, into.length);
        into.set(chunk.subarray(0, count));
        this.#rest = count < chunk.length ? chunk.subarray(count) : undefined;
        return count;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  write(all: Uint8Array): Promise<void> {
    return this.#settled((done) => this.#stream.write(all, done));
  }

  closeWrite(): Promise<void> {
    return this.#settled((done) => this.#stream.end(() => done())).catch(() => {});
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

  /** Resolves when the stream calls back, or rejects: a destroyed stream need not call back. */
  #settled(begin: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stream.destroyed) {
        reject(new Error("the connection is closed"));
        return;
      }
      this.#unsettled.add(reject);
      begin((error) => {
        this.#unsettled.delete(reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #abandon(): void {
    for (const reject of this.#unsettled) reject(new Error("the connection was closed"));
    this.#unsettled.clear();
  }
}
