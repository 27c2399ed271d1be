// A server's session over datagrams: one peer address, from its first datagram until the protocol
// returns or the peer is idle.

import { type Address, isLoopback } from "../addresses/address.ts";
import type { DatagramSocket } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { Inbox, type InboxRoom } from "./inbox.ts";
import {
  bytesOf,
  copies,
  type DatagramGuarantees,
  type Identity,
  type Message,
  nextSessionId,
} from "../session.ts";
import type { ServedSession } from "../sessions/life.ts";
import type { Traffic } from "../traffic.ts";
import type { RestingPeer } from "./resting_peers.ts";

export interface DatagramPeerOptions {
  readonly address: Address;
  readonly socket: DatagramSocket;
  readonly counters: Counters;
  readonly guarantees?: DatagramGuarantees;
  readonly maxMessageBytes: number;
  readonly inboxMessages: number;
  /** Limit of replies per second to a peer that is not on this machine. */
  readonly replyRatePerSecond: number;
  /** Memory for unread messages, shared by all peers. */
  readonly inboxRoom: InboxRoom;
  /** Called when the session of a peer waits for its next datagram, and when it was answered while it
   * did. */
  readonly rests?: ((peer: DatagramPeer) => void) | undefined;
}

/** One peer of a datagram socket. It outlives its sessions for a while, so that a peer cannot reset
 * the limit on replies to it by starting a new session. */
export class DatagramPeer implements RestingPeer {
  /** Changes when the peer moves, of which a layer tells. */
  address: Address;
  /** Set by every datagram in either direction; an idle sweep compares it. */
  active = true;
  /** The identity that the peer proved with its latest datagram, for its next session. */
  identity: Identity | undefined;
  session: DatagramSession | undefined;
  /** Whether an answer was sent to it. */
  answered = false;
  /** Whether it has sent something after an answer. */
  conversing = false;
  restsIn: Set<unknown> | undefined;
  restsSinceMs = 0;

  readonly #options: DatagramPeerOptions;
  readonly #limited: boolean;
  #windowStart = 0;
  #repliesInWindow = 0;

  constructor(options: DatagramPeerOptions) {
    this.address = options.address;
    this.#options = options;
    this.#limited = "port" in options.address && !isLoopback(options.address.hostname);
  }

  open(): DatagramSession {
    return this.session = new DatagramSession(this, this.#options);
  }

  /** Takes one of the replies that may go to this peer in this second; false when none is left. */
  takeReply(): boolean {
    if (!this.#limited) return true;
    const now = performance.now();
    if (now - this.#windowStart >= 1000) {
      this.#windowStart = now;
      this.#repliesInWindow = 0;
    }
    return ++this.#repliesInWindow <= this.#options.replyRatePerSecond;
  }
}

/** One session with a datagram peer. Iterate it once. */
export class DatagramSession implements ServedSession, AsyncIterator<Message, undefined> {
  readonly boundary = "messages";
  readonly sessionId = nextSessionId();
  serverUrl = "";
  traffic: Traffic | undefined;
  readonly identity: Identity | undefined;
  readonly guarantees: DatagramGuarantees | undefined;
  readonly maxMessageBytes: number;
  bytesReceived = 0;
  bytesSent = 0;
  reason: string | undefined;
  failure: Error | undefined;

  readonly #peer: DatagramPeer;
  readonly #options: DatagramPeerOptions;
  readonly #inbox: Inbox;
  #readAny = false;
  #closed = false;
  #draining = false;
  #replaced = false;
  #abort: AbortController | undefined;
  /** Rejects the calls that wait for the peer's acknowledgements, where a layer has them. */
  readonly #waiting = new Set<(error: Error) => void>();

  constructor(peer: DatagramPeer, options: DatagramPeerOptions) {
    this.#peer = peer;
    this.#options = options;
    this.identity = peer.identity;
    this.guarantees = options.guarantees;
    this.maxMessageBytes = Math.min(options.maxMessageBytes, options.socket.maxBytes);
    // A socket with flow control already limits the unread messages.
    this.#inbox = options.socket.consumed === undefined
      ? new Inbox(options.inboxMessages, options.inboxRoom)
      : new Inbox(Infinity, { bytes: Infinity });
  }

  get peer(): Address {
    return this.#peer.address;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#closed) this.#abort.abort();
    return this.#abort.signal;
  }

  /** Set once the peer has said that it will send no more. */
  finished = false;

  /** Adds a datagram, which the session then owns, to the inbox; false when it is full. */
  deliver(bytes: Uint8Array): boolean {
    if (!this.#inbox.push(bytes)) return false;
    this.bytesReceived += bytes.length;
    this.traffic?.show?.("received", this, bytes);
    return true;
  }

  /** Takes the datagrams that the protocol left unread. The first of a session has opened it, so a
   * protocol that answers without reading has handled it. */
  takeUnread(): Uint8Array[] {
    const left = this.#inbox.clear().map(bytesOf);
    return this.#readAny ? left : left.slice(1);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  messages(): AsyncIterableIterator<Message> {
    return copies(this);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    this.#readAny = true;
    const { socket } = this.#options;
    if (socket.consumed === undefined && !this.#draining) {
      const next = this.#inbox.next();
      if (this.#inbox.isAwaited) this.#options.rests?.(this.#peer);
      return next;
    }
    return this.#inbox.next().then((result) => {
      if (!result.done) socket.consumed?.(this.peer, bytesOf(result.value).length);
      else if (this.#draining) this.reason ??= "shutdown";
      return result;
    });
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return this.#inbox.return();
  }

  send(message: Message): Promise<void> {
    const { counters, socket } = this.#options;
    const bytes = bytesOf(message);
    // The address may already belong to a new session with another identity.
    if (this.#replaced) return Promise.resolve();
    if (bytes.length > socket.maxBytes) {
      return Promise.reject(
        new RangeError(
          `Cannot send ${bytes.length} bytes: a datagram here holds at most ${socket.maxBytes}`,
        ),
      );
    }
    if ("path" in this.peer && this.peer.path === "") {
      counters.unanswerable++;
      return Promise.resolve();
    }
    if (!this.#peer.takeReply()) {
      counters.repliesLimited++;
      return Promise.resolve();
    }
    this.#peer.active = true;
    if (!this.#peer.answered) {
      this.#peer.answered = true;
      if (this.#inbox.isAwaited) this.#options.rests?.(this.#peer);
    }
    this.bytesSent += bytes.length;
    counters.bytesSent += bytes.length;
    counters.messagesSent++;
    this.traffic?.show?.("sent", this, message);
    const sending = socket.send(bytes, this.peer);
    // Only a socket with flow control lets a sender wait.
    return socket.consumed === undefined ? sending : this.#unlessClosed(sending);
  }

  end(): Promise<void> {
    if (this.#replaced) return Promise.resolve();
    return this.#unlessClosed(this.#options.socket.end(this.peer));
  }

  /** Resolves once the peer has acknowledged everything, where a layer has acknowledgements;
   * rejects when the session is closed first. Messages that arrive meanwhile stay unread. */
  async finish(failed?: Error): Promise<void> {
    if (failed !== undefined) return;
    const delivered = this.#options.socket.delivered?.(this.peer);
    if (delivered !== undefined) await this.#unlessClosed(delivered);
    if (this.#draining) this.reason ??= "shutdown";
  }

  /** Waits until it is done or the session is closed: a lost peer must not delay closing. */
  #unlessClosed(done: Promise<void>): Promise<void> {
    if (this.#closed) return done;
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      done.then(resolve, reject).finally(() => this.#waiting.delete(reject));
    });
  }

  close(reason?: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.reason ??= reason ?? "";
    this.#inbox.end();
    this.#abort?.abort();
    const why = this.reason || (this.failure?.message ?? "closed");
    for (const reject of this.#waiting) reject(new Error(why));
  }

  /** Ends the session because its peer is gone, and sends nothing more: another peer may have its
   * address now.
   * @param lost set if that is a failure, and not an end in good order */
  abandon(why: string, lost?: true): void {
    this.#replaced = true;
    if (this.#closed) return;
    if (lost) this.failure = new Error(why);
    this.close(lost ? undefined : why);
  }

  /** Ends the input; messages that have arrived can still be read and answered. */
  finishInput(): void {
    this.finished = true;
    this.#inbox.end();
  }

  /** Ends the session once the messages that have arrived are read. */
  drain(): void {
    this.#draining = true;
    if (this.#inbox.end()) this.reason ??= "shutdown";
  }
}
