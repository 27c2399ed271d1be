// A datagram socket that hears only those who may come in: what layers stand on, so that they work
// for nobody else.

import type { Address } from "../addresses/address.ts";
import type { Datagram, DatagramSocket } from "../connection.ts";
import { WrappedDatagrams } from "./wrapped_datagrams.ts";

/** Passes everything on but datagrams of peers that are not admitted. Takes the socket over. */
export class AdmittedDatagrams extends WrappedDatagrams {
  readonly #admits: (from: Address) => boolean;

  constructor(inner: DatagramSocket, admits: (from: Address) => boolean) {
    super(inner);
    this.#admits = admits;
  }

  override async receive(): Promise<Datagram | null> {
    for (;;) {
      const datagram = await this.inner.receive();
      if (datagram === null || this.#admits(datagram.from)) return datagram;
    }
  }
}
