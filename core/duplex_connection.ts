// A Node stream as our own type of connection.

import type { Duplex } from "node:stream";
import type { Address } from "./address.ts";
import type { Connection } from "./connection.ts";

/** A Node `Duplex`, such as a socket of node:net or node:tls, as a Connection. It must be open. */
export class DuplexConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #stream: Duplex;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  /** What a read took from the stream beyond its buffer. */
  #rest: Uint8Array | undefined;

  constructor(stream: Duplex, addresses: { readonly local: Address; readonly remote: Address }) {
    this.#stream = stream;
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
    return new Promise((resolve, reject) => {
      this.#stream.write(all, (error) => error ? reject(error) : resolve());
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.end(() => resolve());
    });
  }

  [Symbol.dispose](): void {
    this.#stream.destroy();
  }
}
