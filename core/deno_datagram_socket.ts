// A datagram socket that Deno opened, as our own type.

import { type Address, addressOf } from "./address.ts";
import type { Datagram, DatagramSocket } from "./connection.ts";

/** The most that a UDP datagram over IPv4 holds: 65,535 less the headers of IP and UDP. */
export const MAX_DATAGRAM_BYTES = 65_507;

/** A `Deno.DatagramConn` as a DatagramSocket. */
export class DenoDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly maxBytes = MAX_DATAGRAM_BYTES;
  readonly #conn: Deno.DatagramConn;
  readonly #onClose: () => void;
  /** Room for the largest datagram; a smaller buffer would cut it short without a word. */
  readonly #buffer = new Uint8Array(65_536);
  #disposed = false;

  constructor(conn: Deno.DatagramConn, onClose: () => void = () => {}) {
    this.#conn = conn;
    this.#onClose = onClose;
    this.address = addressOf(conn.addr);
  }

  async receive(): Promise<Datagram | null> {
    if (this.#disposed) return null;
    try {
      const [bytes, from] = await this.#conn.receive(this.#buffer);
      return { bytes, from: addressOf(from) };
    } catch (error) {
      if (this.#disposed) return null;
      throw error;
    }
  }

  async send(bytes: Uint8Array, to: Address): Promise<void> {
    if (this.#disposed) return;
    await this.#conn.send(bytes, denoAddress(to));
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
  return "port" in address
    ? { transport: "udp", hostname: address.hostname, port: address.port }
    : { transport: "unixpacket", path: address.path };
}
