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
  readonly #failed = (error: unknown): null | Promise<Datagram | null> => {
    if (this.#disposed) return null;
    // On Windows a datagram that nobody took is reported by the next receive, of anybody's datagrams.
    if (error instanceof Deno.errors.ConnectionReset) return this.receive();
    throw error;
  };
  /** Whether IPv4 peers need their mapped addresses (RFC 4291 2.5.5.2). On Linux an IPv6 socket takes
   * plain ones, which are those of the permission. */
  readonly #maps: boolean;
  #disposed = false;

  constructor(conn: DatagramConn, onClose: () => void = () => {}, os = Deno.build.os) {
    this.#conn = conn;
    this.#onClose = onClose;
    this.address = addressOf(conn.addr);
    this.#maps = os !== "linux" && "port" in this.address && this.address.hostname.includes(":");
  }

  // Not an async function: for every datagram, in both directions, that costs a twentieth.
  receive(): Promise<Datagram | null> {
    if (this.#disposed) return Promise.resolve(null);
    return this.#conn.receive(this.#buffer).then(this.#received, this.#failed);
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    // A datagram is sent whole or not at all, so the number of bytes sent is ignored.
    return this.#conn.send(bytes, denoAddress(this.#maps ? mapped(to) : to)) as Promise<
      unknown
    > as Promise<void>;
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

/** The address of an IPv4 peer for an IPv6 socket. */
function mapped(address: Address): Address {
  if (!("port" in address) || address.hostname.includes(":")) return address;
  return { ...address, hostname: `::ffff:${address.hostname}` };
}

function denoAddress(address: Address): Deno.Addr {
  return "port" in address ? address : { transport: "unixpacket", path: address.path };
}
