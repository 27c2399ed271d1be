// A Connection over a connection of Deno, such as Deno.TcpConn.

import { type Address, addressOf } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";

export class DenoConnection<C extends Deno.Conn = Deno.Conn> implements Connection {
  /** The connection of Deno, for its own functions, such as serving HTTP on it. */
  readonly conn: C;
  #closed = false;
  #writing = false;
  readonly #waiting: (() => void)[] = [];

  constructor(conn: C) {
    this.conn = conn;
  }

  get local(): Address {
    return addressOf(this.conn.localAddr);
  }

  get remote(): Address {
    return addressOf(this.conn.remoteAddr);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.conn.read(into);
  }

  async write(all: Uint8Array): Promise<void> {
    // Several tasks may write; a message of one must not end up inside a message of another.
    if (this.#writing) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#writing = true;
    try {
      // One write nearly always takes all bytes; the loop sends the rest when it does not.
      let written = await this.conn.write(all);
      while (written < all.length) written += await this.conn.write(all.subarray(written));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#writing = false;
      else next();
    }
  }

  writeSome(bytes: Uint8Array): Promise<number> {
    return this.conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.conn.closeWrite();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.conn.close();
    } catch {
      // A user of the connection, such as TLS on its socket, has closed it already.
    }
  }
}
