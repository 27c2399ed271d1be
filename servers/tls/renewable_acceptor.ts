// A Deno listener that can be replaced on its port: Deno.listenTls cannot change its certificate.

import { type Address, addressOf } from "../../core/addresses/address.ts";
import type { Acceptor } from "../../core/connection.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";

/** Accepts from the newest of its listeners. */
export class RenewableAcceptor<C extends Deno.Conn> implements Acceptor<DenoConnection<C>> {
  readonly address: Address;
  readonly #wrap: (conn: C) => DenoConnection<C>;
  readonly #owned = new DisposableStack();
  #listener: Deno.Listener<C>;

  constructor(listener: Deno.Listener<C>, wrap: (conn: C) => DenoConnection<C>) {
    this.#listener = listener;
    this.#wrap = wrap;
    this.address = addressOf(listener.addr);
  }

  get isDisposed(): boolean {
    return this.#owned.disposed;
  }

  /** Disposes a further resource with the acceptor. */
  own(what: Disposable): void {
    this.#owned.use(what);
  }

  /** Switches to another listener. Accepted connections stay open. Clients in the backlog of the
   * old listener are cut off; there are some only while the connections have reached their limit,
   * because the server accepts at all other times. */
  renew(listener: Deno.Listener<C>): void {
    const old = this.#listener;
    this.#listener = listener;
    old.close();
  }

  async accept(): Promise<DenoConnection<C> | null> {
    for (;;) {
      if (this.isDisposed) return null;
      const listener = this.#listener;
      try {
        return this.#wrap(await listener.accept());
      } catch (error) {
        if (this.isDisposed) return null;
        if (listener === this.#listener) throw error;
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.isDisposed) return;
    this.#owned.dispose();
    this.#listener.close();
  }
}
