// A datagram socket that forwards every call to an inner one: the base class of datagram layers.

import type { Address } from "../addresses/address.ts";
import type { Datagram, DatagramSocket, Delivery } from "../connection.ts";

/** Takes ownership of the inner socket. */
export class WrappedDatagrams implements DatagramSocket {
  protected readonly inner: DatagramSocket;
  /** Defined only if the inner socket defines it, because its presence means flow control: the
   * socket stops receiving from a peer until its messages are consumed. */
  readonly consumed?: (from: Address, bytes: number) => void;

  constructor(inner: DatagramSocket) {
    this.inner = inner;
    if (inner.consumed !== undefined) {
      this.consumed = (from, bytes) => inner.consumed!(from, bytes);
    }
  }

  get address(): Address {
    return this.inner.address;
  }

  get maxBytes(): number {
    return this.inner.maxBytes;
  }

  async connect(to: Address, signal: AbortSignal): Promise<void> {
    await this.inner.connect?.(to, signal);
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    return this.inner.send(bytes, to);
  }

  end(to: Address): Promise<void> {
    return this.inner.end(to);
  }

  async delivered(to: Address): Promise<void> {
    await this.inner.delivered?.(to);
  }

  delivery(to: Address): Delivery | undefined {
    return this.inner.delivery?.(to);
  }

  forget(to: Address): void {
    this.inner.forget?.(to);
  }

  receive(): Promise<Datagram | null> {
    return this.inner.receive();
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}
