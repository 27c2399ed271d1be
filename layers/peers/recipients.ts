// A table of the senders that a listening socket answers, by address, as the last authentic
// datagram from each address names them: an answer is protected with the key of that sender, and
// meant for it.

import type { Address } from "../../core/addresses/address.ts";
import { PeerTable } from "../../core/datagrams/peer_table.ts";

interface Recipient<What> {
  readonly address: Address;
  what: What;
}

/** A value for each address; the address that was there longest makes room for a new one. */
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

  /** Notes what is known of the sender at an address now. Another sender than before only counts from
   * the next `settle` on: until then the reader of the socket has not heard of it, and may still send
   * answers that are meant for the one before.
   * @param isSame whether the sender is the same as before */
  set(address: Address, what: What, isSame: boolean): void {
    if (isSame) this.#put(address, what);
    else this.#change = { address, what };
  }

  /** The reader of the socket has dealt with every datagram that it was given. */
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
