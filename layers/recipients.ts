// Whom a listening socket answers: what the last authentic datagram from an address said of its
// sender.

import type { Address } from "../core/address.ts";
import { PeerTable } from "../core/peer_table.ts";

interface Recipient<What> {
  readonly address: Address;
  what: What;
}

/** Something for each address; the address that was there longest makes room for a new one. */
export class Recipients<What> {
  readonly #table = new PeerTable<Recipient<What>>();
  readonly #order = new Set<Recipient<What>>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get(address: Address): What | undefined {
    return this.#table.get(address)?.what;
  }

  set(address: Address, what: What): void {
    const known = this.#table.get(address);
    if (known !== undefined) {
      known.what = what;
      return;
    }
    if (this.#order.size >= this.#max) {
      const [oldest] = this.#order;
      if (oldest !== undefined) this.#remove(oldest);
    }
    const recipient = { address, what };
    this.#table.add(recipient);
    this.#order.add(recipient);
  }

  delete(address: Address): void {
    const recipient = this.#table.get(address);
    if (recipient !== undefined) this.#remove(recipient);
  }

  #remove(recipient: Recipient<What>): void {
    this.#table.delete(recipient);
    this.#order.delete(recipient);
  }
}
