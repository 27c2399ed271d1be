// A connection of which something was read already, as if nothing had been.

import type { Address } from "./address.ts";
import type { Connection } from "./connection.ts";
import type { Identity } from "./session.ts";

/** Gives `prefix` to its reader before what the connection below still has. */
export class PrefixedConnection implements Connection {
  readonly #inner: Connection;
  #prefix: Uint8Array;

  constructor(inner: Connection, prefix: Uint8Array) {
    this.#inner = inner;
    this.#prefix = prefix;
  }

  get local(): Address {
    return this.#inner.local;
  }

  get remote(): Address {
    return this.#inner.remote;
  }

  get identity(): Identity | undefined {
    return this.#inner.identity;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#prefix.length === 0) return this.#inner.read(into);
    const count = Math.min(into.length, this.#prefix.length);
    into.set(this.#prefix.subarray(0, count));
    this.#prefix = this.#prefix.subarray(count);
    return Promise.resolve(count);
  }

  write(all: Uint8Array): Promise<void> {
    return this.#inner.write(all);
  }

  closeWrite(): Promise<void> {
    return this.#inner.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
