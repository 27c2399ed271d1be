// A datagram socket that is another one but for what its subclass does differently: what a layer over
// datagrams begins with.

import type { Address } from "../addresses/address.ts";
import type { Datagram, DatagramSocket, Delivery } from "../connection.ts";

/** A datagram socket that passes everything on to another one, which it takes over. */
export class WrappedDatagrams implements DatagramSocket {
  protected readonly inner: DatagramSocket;
  /** There only where the inner socket has it, which says that it holds its peers back. */
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
