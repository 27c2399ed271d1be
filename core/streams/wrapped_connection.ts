// A connection that forwards every call to an inner connection: the base class of connections that
// change a part of one, as layers do.

import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Identity } from "../session.ts";

/** Takes ownership of the inner connection. */
export class WrappedConnection implements Connection {
  protected readonly inner: Connection;

  constructor(inner: Connection) {
    this.inner = inner;
  }

  get local(): Address {
    return this.inner.local;
  }

  get remote(): Address {
    return this.inner.remote;
  }

  get identity(): Identity | undefined {
    return this.inner.identity;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.inner.read(into);
  }

  write(all: Uint8Array): Promise<void> {
    return this.inner.write(all);
  }

  closeWrite(): Promise<void> {
    return this.inner.closeWrite();
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}
