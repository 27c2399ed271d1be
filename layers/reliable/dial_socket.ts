// The dialling socket of the layer reliable: one association with one peer.

import { type Address, canonicalHost, sameAddress } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket, Delivery } from "../../core/connection.ts";
import type { Identity } from "../../core/session.ts";
import { DatagramQueue } from "../peers/datagram_queue.ts";
import { Association } from "./association.ts";
import type { AssociationEnd } from "./association_options.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { Room } from "./stream/room.ts";
import { type Accept, decodeAccept, decodeRetry, encodeHello } from "./wire/handshake.ts";
import { PacketReader } from "./wire/packet.ts";
import {
  associationOptionsFor,
  maxMessageBytesOf,
  type ReliableSocketOptions,
  termsOf,
} from "./socket_options.ts";
import { type ConnectionId, isFor, kindOf, kinds, newConnectionId } from "./wire/prefix.ts";

/** How long to wait for an answer to a HELLO; each further wait is twice as long, up to the most. A
 * HELLO is small and asks for little, so this is less than the second of RFC 6298. */
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 2000;

/** How many RETRYs to follow: an honest peer sends one, or two when its secret has just changed. */
const MAX_RETRIES = 8;

/** How long to hear nothing before asking whether the peer is still there: less than what the usual
 * middlebox waits before it forgets us (RFC 4787 REQ-5 wants two minutes, many take 30 s). */
const KEEP_ALIVE_MS = 15_000;

/** A datagram socket with one peer whose messages arrive once and in order. Takes the socket below
 * over. Sends nothing before `connect`. */
export class ReliableDialSocket implements DatagramSocket {
  readonly maxBytes: number;
  readonly #inner: DatagramSocket;
  readonly #to: Address;
  /** The peer's address as it stands on its datagrams. */
  readonly #sender: Address;
  readonly #options: ReliableSocketOptions;
  readonly #queue = new DatagramQueue();
  readonly #ready = Promise.withResolvers<void>();
  readonly #datagrams: DatagramSender;
  readonly #packet = new PacketReader();
  readonly #id: ConnectionId = newConnectionId();
  #peerId: ConnectionId | undefined;
  #identity: Identity | undefined;
  #association: Association | undefined;
  #cookie: Uint8Array | undefined;
  #retries = 0;
  #waitMs = FIRST_WAIT_MS;
  #cancelWait: (() => void) | undefined;
  #started = false;
  #disposed = false;

  constructor(inner: DatagramSocket, to: Address, options: ReliableSocketOptions) {
    this.#inner = inner;
    this.#to = to;
    this.#sender = "port" in to ? { ...to, hostname: canonicalHost(to.hostname) } : to;
    this.#options = options;
    this.maxBytes = maxMessageBytesOf(options.work);
    // A socket may be disposed of before `connect` was called, which is no unhandled rejection.
    this.#ready.promise.catch(() => {});
    // Before there is an association, a datagram that cannot be sent is why `connect` fails.
    this.#datagrams = new DatagramSender(inner, {
      failed: (error) => this.#ready.reject(error),
      refused: (bytes) => this.#association?.refused(bytes),
    });
  }

  get address(): Address {
    return this.#inner.address;
  }

  async connect(to: Address, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#inner.connect?.(to, signal);
    const giveUp = () => this.#ready.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      if (!this.#started) {
        this.#started = true;
        void this.#pump();
        this.#sayHello();
      }
      await this.#ready.promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
      this.#cancelWait?.();
    }
  }

  receive(): Promise<Datagram | null> {
    return this.#queue.next();
  }

  /** Resolves once there is room for the message; rejects when the peer is gone. */
  send(bytes: Uint8Array): Promise<void> {
    return this.#association?.send(bytes) ?? Promise.reject(notConnected());
  }

  end(): Promise<void> {
    return this.#association?.end() ?? Promise.resolve();
  }

  delivered(): Promise<void> {
    return this.#association?.delivered() ?? Promise.resolve();
  }

  /** Also known after the end. */
  delivery(): Delivery | undefined {
    return this.#association?.delivery;
  }

  consumed(_from: Address, bytes: number): void {
    this.#association?.consumed(bytes);
  }

  forget(): void {
    this.#association?.forget(this.#options.chosen.reliableTimeoutMs);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#cancelWait?.();
    this.#association?.dispose();
    this.#queue.close();
    this.#ready.reject(new Error("closed"));
    this.#datagrams.whenIdle(() => this.#inner[Symbol.dispose]());
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const datagram = await this.#inner.receive();
        if (datagram === null || this.#disposed) break;
        // Anyone can send to our port; only the peer is heard.
        if (!sameAddress(datagram.from, this.#sender)) continue;
        if ("bytes" in datagram) this.#take(datagram.bytes, datagram.identity);
        else if ("ended" in datagram) {
          this.#ready.reject(new Error(datagram.ended));
          this.#association?.lose(datagram.ended);
        }
      }
    } catch (error) {
      if (!this.#disposed) {
        this.#ready.reject(error);
        this.#queue.fail(error);
      }
    }
    this.#queue.close();
  }

  #take(bytes: Uint8Array, identity: Identity | undefined): void {
    const { counters } = this.#options.work;
    const association = this.#association;
    const kind = kindOf(bytes);
    if (association !== undefined && identity?.fingerprint !== this.#identity?.fingerprint) {
      counters.forged++;
    } else if (kind === kinds.data && association !== undefined) {
      association.receive(bytes, this.#packet);
    } else if (kind === kinds.reset && this.#peerId !== undefined && isFor(bytes, this.#peerId)) {
      association?.reset();
    } else if (association === undefined && kind !== null && isFor(bytes, this.#id)) {
      this.#shakeHands(kind, bytes, identity);
    } else if (kind === null) {
      counters.malformed++;
    } else {
      counters.stale++;
    }
  }

  #shakeHands(kind: number, bytes: Uint8Array, identity: Identity | undefined): void {
    const cookie = kind === kinds.retry ? decodeRetry(bytes) : null;
    const accept = kind === kinds.accept ? decodeAccept(bytes) : null;
    if (accept !== null) {
      this.#accepted(accept, identity);
    } else if (cookie !== null && this.#retries < MAX_RETRIES) {
      this.#retries++;
      this.#cookie = cookie;
      this.#waitMs = FIRST_WAIT_MS;
      this.#sayHello();
    }
  }

  #accepted({ id, terms }: Accept, identity: Identity | undefined): void {
    this.#cancelWait?.();
    this.#peerId = id;
    this.#identity = identity;
    const from = this.#sender;
    const { inboxBytes } = this.#options.work.limits;
    const rooms = { unread: new Room(inboxBytes), unacknowledged: new Room(inboxBytes) };
    const options = associationOptionsFor(
      from,
      this.#inner,
      rooms,
      this.#options,
      Math.min(KEEP_ALIVE_MS, this.#options.chosen.reliableTimeoutMs),
    );
    this.#association = new Association(this.#id, id, terms, options, {
      buffer: (bytes) => this.#datagrams.buffer(bytes),
      transmit: (buffer, length) => this.#datagrams.transmit(buffer, length, this.#to),
      delivered: (bytes) => {
        this.#queue.push(identity === undefined ? { from, bytes } : { from, bytes, identity });
      },
      peerFinished: () => this.#queue.push({ from, finished: true }),
      ended: (end) => this.#ended(end),
    });
    this.#association.ping();
    this.#ready.resolve();
  }

  #ended({ why, orderly }: AssociationEnd): void {
    const error = this.#association?.endError;
    if (orderly || error === undefined) {
      this.#queue.push({ from: this.#sender, ended: why });
    } else {
      this.#queue.push(error.sent === 0 ? new Error(why) : error);
    }
    this.#queue.close();
  }

  #sayHello(): void {
    if (this.#disposed) return;
    const hello = encodeHello(this.#id, termsOf(this.#options), this.#cookie);
    this.#datagrams.transmit(hello, hello.length, this.#to);
    this.#cancelWait?.();
    this.#cancelWait = this.#options.context.clock.after(this.#waitMs, () => {
      this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs);
      this.#sayHello();
    });
  }
}

function notConnected(): Error {
  return new Error("Cannot send: the peer has not been dialled; call connect first");
}
