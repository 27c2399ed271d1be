// Whom a listening socket answers: what the last authentic datagram from an address said of its
// sender.

import type { Address } from "../../core/addresses/address.ts";
import { PeerTable } from "../../core/datagrams/peer_table.ts";

interface Recipient<What> {
  readonly address: Address;
  what: What;
}

/** Something for each address; the address that was there longest makes room for a new one. */
export class Recipients<What> {
  readonly #table = new PeerTable<Recipient<What>>();
  readonly #order = new Set<Recipient<What>>();
  readonly #max: number;
  #change: Recipient<What> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get(address: Address): What | undefined {
    return this.#table.get(address)?.what;
  }

  /** Says what is known of an address now. Where that is somebody else than before, it only counts from
   * the next `settle` on: until then whoever reads the socket has not heard of it, and may still send
   * what is for the one before.
   *
   * @param isSame whether it is nobody else */
  set(address: Address, what: What, isSame: boolean): void {
    if (isSame) this.#put(address, what);
    else this.#change = { address, what };
  }

  /** Whoever reads the socket has dealt with all that it was given. */
  settle(): void {
    if (this.#change === undefined) return;
    this.#put(this.#change.address, this.#change.what);
    this.#change = undefined;
  }

  #put(address: Address, what: What): void {
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
