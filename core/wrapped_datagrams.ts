// A datagram socket that is another one but for what its subclass does differently.

import type { Address } from "./address.ts";
import type { Datagram, DatagramSocket, Delivery } from "./connection.ts";

/** Passes everything on. Takes the socket over. What the socket below cannot do, this one does not
 * have either, because whoever uses it asks whether it is there. */
export class WrappedDatagrams implements DatagramSocket {
  protected readonly inner: DatagramSocket;
  connect?(to: Address, signal: AbortSignal): Promise<void>;
  delivered?(to: Address): Promise<void>;
  delivery?(to: Address): Delivery | undefined;
  consumed?(from: Address, bytes: number): void;
  forget?(to: Address): void;

  constructor(inner: DatagramSocket) {
    this.inner = inner;
    if (inner.connect) this.connect = (to, signal) => inner.connect!(to, signal);
    if (inner.delivered) this.delivered = (to) => inner.delivered!(to);
    if (inner.delivery) this.delivery = (to) => inner.delivery!(to);
    if (inner.consumed) this.consumed = (from, bytes) => inner.consumed!(from, bytes);
    if (inner.forget) this.forget = (to) => inner.forget!(to);
  }

  get address(): Address {
    return this.inner.address;
  }

  get maxBytes(): number {
    return this.inner.maxBytes;
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    return this.inner.send(bytes, to);
  }

  end(to: Address): Promise<void> {
    return this.inner.end(to);
  }

  receive(): Promise<Datagram | null> {
    return this.inner.receive();
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}
