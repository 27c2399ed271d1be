// The listening socket of the layer reliable: one socket, a table of associations, and no state for a
// sender that has not proved its address.

import { type Address, formatAddress } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket, Delivery } from "../../core/connection.ts";
import { PeerTable } from "../../core/datagrams/peer_table.ts";
import type { Identity } from "../../core/session.ts";
import { CookieSecret } from "../peers/cookie.ts";
import { DatagramQueue } from "../peers/datagram_queue.ts";
import { Association } from "./association.ts";
import { DatagramSender } from "./datagram_sender.ts";
import { HostShares, isOfOneHost } from "./host_shares.ts";
import {
  decodeHello,
  encodeAccept,
  encodeReset,
  encodeRetry,
  type Hello,
} from "./wire/handshake.ts";
import { PacketReader } from "./wire/packet.ts";
import {
  associationOptionsFor,
  maxMessageBytesOf,
  type ReliableSocketOptions,
  termsOf,
} from "./socket_options.ts";
import {
  type ConnectionId,
  isFor,
  kindOf,
  kinds,
  newConnectionId,
  readConnectionId,
  sameId,
} from "./wire/prefix.ts";

/** How long an association that its reader has done with may take to deliver the rest. */
const FORGET_WITHIN_MS = 5000;

/** The share of the table that one host may have, and how many peers it always may, unless the user
 * says otherwise. */
const LARGEST_SHARE = 1 / 4;
const LEAST_SHARE = 8;

interface Peer {
  readonly address: Address;
  /** The id by which the peer is addressed. */
  readonly id: ConnectionId;
  readonly identity: Identity | undefined;
  readonly association: Association;
  /** The answer to its HELLO, in case that comes again. */
  readonly accept: Uint8Array;
  /** Whether the reader of the socket is done with it. */
  forgotten: boolean;
}

/** A datagram socket whose messages arrive once and in order. Takes the socket below over. */
export class ReliableListenSocket implements DatagramSocket {
  readonly maxBytes: number;
  readonly #inner: DatagramSocket;
  readonly #options: ReliableSocketOptions;
  readonly #cookies: CookieSecret;
  readonly #peers = new PeerTable<Peer>();
  readonly #all = new Set<Peer>();
  /** Peers whose association is over and only still answers. */
  readonly #lingering = new Set<Peer>();
  readonly #shares: HostShares;
  readonly #queue = new DatagramQueue();
  readonly #sender: DatagramSender;
  readonly #packet = new PacketReader();
  #disposed = false;

  constructor(inner: DatagramSocket, options: ReliableSocketOptions) {
    this.#inner = inner;
    this.#options = options;
    this.maxBytes = maxMessageBytesOf(options.work);
    this.#cookies = new CookieSecret(() => options.context.clock.elapsedMs());
    const { maxPeers, inboxBytes } = options.work.limits;
    const { reliableHostPeers } = options.chosen;
    this.#shares = new HostShares(
      reliableHostPeers ?? Math.max(LEAST_SHARE, maxPeers * LARGEST_SHARE),
      inboxBytes,
    );
    this.#sender = new DatagramSender(inner, {
      failed: () => {},
      refused: (bytes, to) => this.#peers.get(to)?.association.refused(bytes),
    });
    void this.#pump();
  }

  get address(): Address {
    return this.#inner.address;
  }

  /** How many associations there are, those included that have ended a moment ago. */
  get peers(): number {
    return this.#all.size;
  }

  receive(): Promise<Datagram | null> {
    return this.#queue.next();
  }

  /** Resolves once there is room for the message; rejects when the peer is gone. */
  send(bytes: Uint8Array, to: Address): Promise<void> {
    const association = this.#peers.get(to)?.association;
    if (association === undefined) {
      return Promise.reject(
        new Error(`Cannot send to ${formatAddress(to)}: there is nothing between us any more`),
      );
    }
    return association.send(bytes);
  }

  end(to: Address): Promise<void> {
    return this.#peers.get(to)?.association.end() ?? Promise.resolve();
  }

  delivered(to: Address): Promise<void> {
    return this.#peers.get(to)?.association.delivered() ?? Promise.resolve();
  }

  delivery(to: Address): Delivery | undefined {
    return this.#peers.get(to)?.association.delivery;
  }

  consumed(from: Address, bytes: number): void {
    this.#peers.get(from)?.association.consumed(bytes);
  }

  /** Ends our half and lets what was sent arrive, in the background. */
  forget(to: Address): void {
    const peer = this.#peers.get(to);
    if (peer === undefined) return;
    peer.forgotten = true;
    const { reliableTimeoutMs } = this.#options.chosen;
    peer.association.forget(Math.min(reliableTimeoutMs, FORGET_WITHIN_MS));
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const { association } of this.#all) association.dispose();
    this.#queue.close();
    this.#sender.whenIdle(() => this.#inner[Symbol.dispose]());
  }

  /** Reads the socket below for as long as it is open. */
  async #pump(): Promise<void> {
    while (!this.#disposed) {
      try {
        const datagram = await this.#inner.receive();
        if (datagram === null) break;
        if (this.#disposed) continue;
        if ("bytes" in datagram) this.#take(datagram.from, datagram.bytes, datagram.identity);
        else if ("ended" in datagram) {
          this.#peers.get(datagram.from)?.association.lose(datagram.ended);
        }
      } catch (error) {
        if (this.#disposed) break;
        await this.#queue.failForNow(error, this.#options.context.clock);
      }
    }
    this.#queue.close();
  }

  #take(from: Address, bytes: Uint8Array, identity: Identity | undefined): void {
    const { counters } = this.#options.work;
    switch (kindOf(bytes)) {
      case kinds.data: {
        const peer = this.#peers.get(from);
        if (peer === undefined || !isFor(bytes, peer.association.id)) {
          counters.stale++;
          // A peer that knows the id learns that it is void; to others this says nothing.
          this.#transmit(encodeReset(readConnectionId(bytes)), from);
        } else if (identity?.fingerprint !== peer.identity?.fingerprint) {
          counters.forged++;
        } else {
          peer.association.receive(bytes, this.#packet);
        }
        return;
      }
      case kinds.hello: {
        const hello = decodeHello(bytes);
        if (hello === null) counters.malformed++;
        else this.#meet(from, hello, identity);
        return;
      }
      case kinds.reset: {
        const peer = this.#peers.get(from);
        if (peer !== undefined && isFor(bytes, peer.id)) peer.association.reset();
        else counters.stale++;
        return;
      }
      default:
        counters.malformed++;
    }
  }

  /** A HELLO has come: of a new client, of a known one, or of one that begins anew. */
  #meet(from: Address, hello: Hello, identity: Identity | undefined): void {
    const { work } = this.#options;
    if (!this.#cookies.isGood(from, hello)) {
      // Shorter than the HELLO, so that it amplifies nothing when the sender's address is forged.
      this.#transmit(encodeRetry(hello.id, this.#cookies.make(from, hello)), from);
      return;
    }
    const known = this.#peers.get(from);
    if (known !== undefined && sameId(known.id, hello.id)) {
      // Our ACCEPT was lost, or this HELLO went a long way.
      this.#transmit(known.accept, from);
      return;
    }
    known?.association.dispose("the peer began anew");
    if (!this.#hasRoom(from)) {
      work.counters.peersRefused++;
      return;
    }
    this.#admit(from, hello, identity);
  }

  /** Whether the table and the share of the host have room, for which lingering associations go. */
  #hasRoom(from: Address): boolean {
    const isFull = () => this.#all.size >= this.#options.work.limits.maxPeers;
    const hostIsFull = () => !this.#shares.hasRoom(from);
    for (const { address, association } of this.#lingering) {
      if (!isFull() && !hostIsFull()) break;
      if (!hostIsFull() || isOfOneHost(address, from)) association.dispose();
    }
    return !isFull() && !hostIsFull();
  }

  #admit(from: Address, hello: Hello, identity: Identity | undefined): void {
    const id = newConnectionId();
    const options = associationOptionsFor(
      from,
      this.#inner,
      this.#shares.add(from),
      this.#options,
      Infinity,
    );
    const association = new Association(id, hello.id, hello.terms, options, {
      buffer: (bytes) => this.#sender.buffer(bytes),
      transmit: (buffer, length) => this.#sender.transmit(buffer, length, from),
      delivered: (bytes) => {
        this.#queue.push(identity === undefined ? { from, bytes } : { from, bytes, identity });
      },
      peerFinished: () => this.#queue.push({ from, finished: true }),
      ended: ({ why, orderly }) => {
        this.#lingering.add(peer);
        if (peer.forgotten) return;
        this.#queue.push({ from, ended: why, ...(!orderly && { lost: true }) });
      },
    });
    const peer: Peer = {
      address: from,
      id: hello.id,
      identity,
      association,
      accept: encodeAccept(hello.id, { id, terms: termsOf(this.#options) }),
      forgotten: false,
    };
    association.onRelease = () => {
      this.#peers.delete(peer);
      this.#all.delete(peer);
      this.#lingering.delete(peer);
      this.#shares.delete(from);
      this.#inner.forget?.(from);
    };
    this.#peers.add(peer);
    this.#all.add(peer);
    this.#transmit(peer.accept, from);
  }

  #transmit(bytes: Uint8Array, to: Address): void {
    this.#sender.transmit(bytes, bytes.length, to);
  }
}
