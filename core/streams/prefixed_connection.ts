// A connection whose first bytes were read to recognize a protocol: it yields them again first.

import type { Connection } from "../connection.ts";
import { WrappedConnection } from "./wrapped_connection.ts";

/** Yields `prefix` before the data of the inner connection. */
export class PrefixedConnection extends WrappedConnection {
  #prefix: Uint8Array;

  constructor(inner: Connection, prefix: Uint8Array) {
    super(inner);
    this.#prefix = prefix;
  }

  override read(into: Uint8Array): Promise<number | null> {
    if (this.#prefix.length === 0) return super.read(into);
    const count = Math.min(into.length, this.#prefix.length);
    into.set(this.#prefix.subarray(0, count));
    this.#prefix = this.#prefix.subarray(count);
    return Promise.resolve(count);
  }
}
