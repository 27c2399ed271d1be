// A Connection over the TLS connection of Deno.

import type { Connection } from "../connection.ts";
import { DenoConnection } from "../streams/deno_connection.ts";
import { TlsInput } from "./input.ts";

export class DenoTlsConnection extends DenoConnection<Deno.TlsConn> implements Connection {
  readonly input = new TlsInput();

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    // Closing is the only way to end a handshake with a silent peer.
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
      const count = await this.conn.read(into);
      if (count === null) this.input.finish("close_notify");
      else this.input.receive();
      return count;
    } catch (error) {
      const isCut = error instanceof Deno.errors.UnexpectedEof;
      this.input.finish(isCut ? "end of stream" : error as Error);
      // Many programs close without the close_notify alert of TLS (RFC 8446 6.1). Their data is
      // complete all the same, and the protocol above notices if it is not.
      if (isCut) return null;
      throw error;
    }
  }
}
