// An Acceptor over a listener of Deno.

import { type Address, addressOf } from "../../core/addresses/address.ts";
import type { Acceptor } from "../../core/connection.ts";
import { DenoConnection } from "../../core/streams/deno_connection.ts";

export class DenoAcceptor<C extends Deno.Conn = Deno.Conn> implements Acceptor<DenoConnection<C>> {
  readonly address: Address;
  readonly #listener: Deno.Listener<C>;
  readonly #wrap: (conn: C) => DenoConnection<C>;
  #disposed = false;

  constructor(
    listener: Deno.Listener<C>,
    wrap: (conn: C) => DenoConnection<C> = (conn) => new DenoConnection(conn),
  ) {
    this.#listener = listener;
    this.#wrap = wrap;
    this.address = addressOf(listener.addr);
  }

  async accept(): Promise<DenoConnection<C> | null> {
    if (this.#disposed) return null;
    try {
      const conn = await this.#listener.accept();
      try {
        return this.#wrap(conn);
      } catch (error) {
        conn.close();
        throw error;
      }
    } catch (error) {
      if (this.#disposed) return null;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#listener.close();
  }
}
