// A table of the peers of a datagram socket, by address.

import type { Address } from "../addresses/address.ts";

interface Addressed {
  readonly address: Address;
}

/** Finds the peer at an address. It runs for every datagram, so it makes no key of host and port,
 * which would cost more than all other work for a datagram. */
export class PeerTable<Peer extends Addressed> {
  readonly #byHost = new Map<string, Map<number, Peer>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: Address): Peer | undefined {
    return "port" in address
      ? this.#byHost.get(address.hostname)?.get(address.port)
      : this.#byHost.get(address.path)?.get(NO_PORT);
  }

  /** Adds a peer with a new address. */
  add(peer: Peer): void {
    const [host, port] = placeOf(peer.address);
    const ports = this.#byHost.get(host);
    if (ports === undefined) this.#byHost.set(host, new Map([[port, peer]]));
    else ports.set(port, peer);
    this.#size++;
  }

  delete(peer: Peer): void {
    const [host, port] = placeOf(peer.address);
    const ports = this.#byHost.get(host);
    if (ports?.get(port) !== peer) return;
    ports.delete(port);
    if (ports.size === 0) this.#byHost.delete(host);
    this.#size--;
  }
}

/** The port under which a Unix socket is entered. */
const NO_PORT = -1;

function placeOf(address: Address): [host: string, port: number] {
  return "port" in address ? [address.hostname, address.port] : [address.path, NO_PORT];
}
