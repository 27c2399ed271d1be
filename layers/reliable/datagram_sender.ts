// The sending half of a socket of the layer reliable. Datagrams are written into buffers that are
// used again once the system has taken them.

import type { Address } from "../../core/addresses/address.ts";
import type { DatagramSocket } from "../../core/connection.ts";

/** How many buffers are kept for the next datagrams. */
const MAX_KEPT = 64;

/** A socket's sending half. What cannot be sent is lost, as any datagram may be. */
export class DatagramSender {
  readonly #inner: DatagramSocket;
  readonly #bufferBytes: number;
  readonly #failed: (error: unknown) => void;
  readonly #kept: Uint8Array[] = [];
  #pending = 0;
  #idle: (() => void) | undefined;

  /** @param failed told why a datagram could not be sent */
  constructor(inner: DatagramSocket, bufferBytes: number, failed: (error: unknown) => void) {
    this.#inner = inner;
    this.#bufferBytes = bufferBytes;
    this.#failed = failed;
  }

  buffer(): Uint8Array {
    return this.#kept.pop() ?? new Uint8Array(this.#bufferBytes);
  }

  /** Sends the first `length` bytes of a buffer and keeps it for another. */
  transmit(buffer: Uint8Array, length: number, to: Address): void {
    this.#pending++;
    this.#inner.send(buffer.subarray(0, length), to).then(
      () => this.#sent(buffer),
      (error) => {
        this.#failed(error);
        this.#sent(buffer);
      },
    );
  }

  /** Calls `done` once nothing is being sent any more. */
  whenIdle(done: () => void): void {
    if (this.#pending === 0) done();
    else this.#idle = done;
  }

  #sent(buffer: Uint8Array): void {
    if (this.#kept.length < MAX_KEPT && buffer.length === this.#bufferBytes) {
      this.#kept.push(buffer);
    }
    if (--this.#pending === 0) this.#idle?.();
  }
}
