// A client's session over datagrams: one socket, one peer.

import { type Address, canonicalHost, sameAddress } from "../addresses/address.ts";
import type { DialledSession, DialWork } from "../client_kind.ts";
import { type clientOptions, dialledWork } from "../client_options.ts";
import type { Datagram, DatagramSocket, Delivery } from "../connection.ts";
import { layerDatagrams } from "../layer.ts";
import type { OptionValues } from "../options/option.ts";
import {
  bytesOf,
  copies,
  type Identity,
  type Message,
  nextSessionId,
  sameIdentity,
} from "../session.ts";

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Sends to one peer and receives from that peer alone, unless its address stands for many. Owns
 * its socket. Iterate it once. */
export class DatagramClientSession implements DialledSession, AsyncIterator<Message, undefined> {
  readonly boundary = "messages";
  readonly sessionId = nextSessionId();
  serverUrl = "";
  readonly peer: Address;
  readonly maxMessageBytes: number;
  readonly #socket: DatagramSocket;
  readonly #abort = new AbortController();
  /** The peer's address in the form in which the socket reports it. */
  readonly #sender: Address;
  #identity: Identity | undefined;
  readonly manyAnswer: boolean;
  #responder: Address | undefined;
  /** Length of the message that the protocol is reading. */
  #held: number | undefined;
  #closed = false;

  constructor(
    socket: DatagramSocket,
    peer: Address,
    maxMessageBytes: number,
    identity?: Identity,
    manyAnswer = false,
  ) {
    this.manyAnswer = manyAnswer;
    this.#socket = socket;
    this.peer = peer;
    this.#identity = identity;
    this.#sender = "port" in peer ? { ...peer, hostname: canonicalHost(peer.hostname) } : peer;
    this.maxMessageBytes = Math.min(socket.maxBytes, maxMessageBytes);
  }

  /** The identity that the peer proved, in the handshake or with its first datagram. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  get delivery(): Delivery | undefined {
    return this.#socket.delivery?.(this.peer);
  }

  get responder(): Address | undefined {
    return this.#responder;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  messages(): AsyncIterableIterator<Message> {
    return copies(this);
  }

  // Not an async function, because it runs for every datagram.
  next(): Promise<IteratorResult<Message, undefined>> {
    this.#consumed();
    if (this.#closed) return Promise.resolve(done);
    return this.#socket.receive().then(this.#took);
  }

  readonly #took = (
    datagram: Datagram | null,
  ): IteratorResult<Message, undefined> | Promise<IteratorResult<Message, undefined>> =>
    this.#taken(datagram) ?? this.#search();

  /** The result of an iteration for a datagram; undefined when it is not for this session. */
  #taken(datagram: Datagram | null): IteratorResult<Message, undefined> | undefined {
    if (datagram === null || this.#closed) return done;
    // Any program can send to our port; only the peer's datagrams are accepted, if there is one.
    if (this.manyAnswer) this.#responder = datagram.from;
    else if (!sameAddress(datagram.from, this.#sender)) return undefined;
    if (!("bytes" in datagram)) return done;
    this.#held = datagram.bytes.length;
    if (datagram.bytes.length > this.maxMessageBytes || this.#isAnother(datagram.identity)) {
      this.#consumed();
      return undefined;
    }
    this.#identity ??= datagram.identity;
    return { done: false, value: datagram.bytes };
  }

  /** Reads until a datagram is for this session; a loop, so that a flood takes no memory. */
  async #search(): Promise<IteratorResult<Message, undefined>> {
    for (;;) {
      const result = this.#closed ? done : this.#taken(await this.#socket.receive());
      if (result !== undefined) return result;
    }
  }

  /** Whether the sender is not the peer of this session. */
  #isAnother(identity: Identity | undefined): boolean {
    return !this.manyAnswer && this.#identity !== undefined && identity !== undefined &&
      !sameIdentity(this.#identity, identity);
  }

  #consumed(): void {
    if (this.#held === undefined) return;
    this.#socket.consumed?.(this.#responder ?? this.#sender, this.#held);
    this.#held = undefined;
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }

  send(message: Message): Promise<void> {
    const bytes = bytesOf(message);
    const { maxBytes } = this.#socket;
    if (bytes.length <= maxBytes) return this.#socket.send(bytes, this.peer);
    return Promise.reject(
      new RangeError(
        `Cannot send ${bytes.length} bytes: a datagram here holds at most ${maxBytes}`,
      ),
    );
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

/** Wraps a socket in its layers, completes their handshakes, and opens the session with its one
 * peer. Takes ownership of the socket. */
export async function openDatagramSession(
  bare: DatagramSocket,
  to: Address,
  { layers, signal }: DialWork,
  limits: OptionValues<typeof clientOptions> & { readonly manyAnswer?: boolean },
): Promise<DatagramClientSession> {
  const socket = layerDatagrams(bare, layers, { role: "dial", to }, dialledWork(limits));
  try {
    if (!limits.manyAnswer) await socket.connect?.(to, signal);
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
  const { maxMessageBytes, manyAnswer } = limits;
  return new DatagramClientSession(socket, to, maxMessageBytes, undefined, manyAnswer);
}
