// The sending half of a socket of the layer reliable. Datagrams are written into buffers that are
// used again once the system has taken them.

import type { Address } from "../../core/addresses/address.ts";
import type { DatagramSocket } from "../../core/connection.ts";

/** How many buffers of a length are kept for the next datagrams. */
const MAX_KEPT = 64;

/** The length of most buffers. Larger ones, for paths that take more, are as large as can be. */
const SMALL_BYTES = 2048;

/** What is done with what cannot be sent; it is lost, as any datagram may be. */
interface SendFailures {
  /** @param error why a datagram could not be sent */
  failed(error: unknown): void;
  /** A datagram is larger than the system takes on its way to a peer. */
  refused(bytes: number, to: Address): void;
}

/** A socket's sending half. */
export class DatagramSender {
  readonly #inner: DatagramSocket;
  readonly #failures: SendFailures;
  readonly #small: Uint8Array[] = [];
  readonly #large: Uint8Array[] = [];
  #pending = 0;
  #idle: (() => void) | undefined;

  constructor(inner: DatagramSocket, failures: SendFailures) {
    this.#inner = inner;
    this.#failures = failures;
  }

  /** A buffer for at least so many bytes. */
  buffer(bytes: number): Uint8Array {
    return bytes <= SMALL_BYTES
      ? this.#small.pop() ?? new Uint8Array(SMALL_BYTES)
      : this.#large.pop() ?? new Uint8Array(this.#inner.maxBytes);
  }

  /** Sends the first `length` bytes of a buffer and keeps it for another. */
  transmit(buffer: Uint8Array, length: number, to: Address): void {
    this.#pending++;
    this.#inner.send(buffer.subarray(0, length), to).then(
      () => this.#sent(buffer),
      (error) => {
        if (isTooLarge(error)) this.#failures.refused(length, to);
        else this.#failures.failed(error);
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
    const kept = buffer.length === SMALL_BYTES
      ? this.#small
      : buffer.length === this.#inner.maxBytes
      ? this.#large
      : undefined;
    if (kept !== undefined && kept.length < MAX_KEPT) kept.push(buffer);
    if (--this.#pending === 0) this.#idle?.();
  }
}

/** Whether a datagram was not sent because of its length. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EMSGSIZE";
}
