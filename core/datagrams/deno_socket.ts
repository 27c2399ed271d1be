// A DatagramSocket over a socket of Deno, or over one that behaves like it.

import { type Address, addressOf } from "../addresses/address.ts";
import type { Datagram, DatagramSocket } from "../connection.ts";

/** Largest UDP datagram over IPv4: 65,535 bytes less the headers of IP and UDP. */
const MAX_DATAGRAM_BYTES = 65_507;

type DatagramConn = Pick<Deno.DatagramConn, "addr" | "receive" | "send" | "close">;

export class DenoDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly maxBytes = MAX_DATAGRAM_BYTES;
  readonly #conn: DatagramConn;
  readonly #onClose: () => void;
  /** Room for the largest datagram; a smaller buffer would silently truncate it. */
  readonly #buffer = new Uint8Array(65_536);
  readonly #received = ([bytes, from]: [Uint8Array, Deno.Addr]): Datagram => ({
    bytes,
    from: addressOf(from),
  });
  readonly #failed = (error: unknown): null => {
    if (this.#disposed) return null;
    throw error;
  };
  #disposed = false;

  constructor(conn: DatagramConn, onClose: () => void = () => {}) {
    this.#conn = conn;
    this.#onClose = onClose;
    this.address = addressOf(conn.addr);
  }

  // Not an async function: for every datagram, in both directions, that costs a twentieth.
  receive(): Promise<Datagram | null> {
    if (this.#disposed) return Promise.resolve(null);
    return this.#conn.receive(this.#buffer).then(this.#received, this.#failed);
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    // A datagram is sent whole or not at all, so the number of bytes sent is ignored.
    return this.#conn.send(bytes, denoAddress(to)) as Promise<unknown> as Promise<void>;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#conn.close();
    this.#onClose();
  }
}

function denoAddress(address: Address): Deno.Addr {
  return "port" in address ? address : { transport: "unixpacket", path: address.path };
}
