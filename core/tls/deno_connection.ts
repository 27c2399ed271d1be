// A Connection over the TLS connection of Deno.

import type { Connection } from "../connection.ts";
import { DenoConnection } from "../streams/deno_connection.ts";

/** A `Deno.TlsConn` as a Connection. */
export class DenoTlsConnection extends DenoConnection<Deno.TlsConn> implements Connection {
  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Closing is the only way to end a handshake with a peer that says nothing.
    const giveUp = () => this[Symbol.dispose]();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await this.conn.handshake();
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  override async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.conn.read(into);
    } catch (error) {
      // Many programs close without the farewell of TLS (RFC 8446 6.1). What they sent before is
      // no worse for it, and whether something is missing is for the protocol above to say.
      if (error instanceof Deno.errors.UnexpectedEof) return null;
      throw error;
    }
  }
}
