// The dialling half of a datagram session: one socket, one peer.

import { type Address, canonicalHost, sameAddress } from "./address.ts";
import type { DatagramSocket } from "./connection.ts";
import { bytesOf, type Identity, type Message, type Session } from "./session.ts";

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Sends to one peer and hears that peer alone. Owns its socket. Iterate it once. */
export class DatagramClientSession
  implements Session, AsyncIterator<Message, undefined>, Disposable {
  readonly boundary = "messages";
  readonly peer: Address;
  readonly identity: Identity | undefined;
  readonly maxMessageBytes: number;
  readonly #socket: DatagramSocket;
  readonly #abort = new AbortController();
  /** The peer as its datagrams name it. */
  readonly #sender: Address;
  #closed = false;

  constructor(
    socket: DatagramSocket,
    peer: Address,
    maxMessageBytes: number,
    identity?: Identity,
  ) {
    this.#socket = socket;
    this.peer = peer;
    this.identity = identity;
    this.#sender = "port" in peer ? { ...peer, hostname: canonicalHost(peer.hostname) } : peer;
    this.maxMessageBytes = Math.min(socket.maxBytes, maxMessageBytes);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    while (!this.#closed) {
      const datagram = await this.#socket.receive();
      if (datagram === null) break;
      // Anyone can send to our port; only the peer is heard.
      if (!sameAddress(datagram.from, this.#sender)) continue;
      if ("ended" in datagram) break;
      if (datagram.bytes.length > this.maxMessageBytes) continue;
      return { done: false, value: datagram.bytes };
    }
    return done;
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }

  async send(message: Message): Promise<void> {
    const bytes = bytesOf(message);
    if (bytes.length > this.#socket.maxBytes) {
      throw new RangeError(
        `Cannot send ${bytes.length} bytes: a datagram here holds at most ${this.#socket.maxBytes}`,
      );
    }
    await this.#socket.send(bytes, this.peer);
  }

  end(): Promise<void> {
    return this.#socket.end(this.peer);
  }

  close(reason?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket[Symbol.dispose]();
    this.#abort.abort(reason);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
