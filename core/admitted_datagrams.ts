// A datagram socket that hears only those who may come in: what layers stand on, so that they work
// for nobody else.

import type { Address } from "./address.ts";
import type { Datagram, DatagramSocket } from "./connection.ts";

/** Passes everything on but datagrams of peers that are not admitted. Takes the socket over. */
export class AdmittedDatagrams implements DatagramSocket {
  readonly #inner: DatagramSocket;
  readonly #admits: (from: Address) => boolean;

  constructor(inner: DatagramSocket, admits: (from: Address) => boolean) {
    this.#inner = inner;
    this.#admits = admits;
  }

  get address(): Address {
    return this.#inner.address;
  }

  get maxBytes(): number {
    return this.#inner.maxBytes;
  }

  async receive(): Promise<Datagram | null> {
    for (;;) {
      const datagram = await this.#inner.receive();
      if (datagram === null || this.#admits(datagram.from)) return datagram;
    }
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    return this.#inner.send(bytes, to);
  }

  end(to: Address): Promise<void> {
    return this.#inner.end(to);
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}
