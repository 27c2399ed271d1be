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
import type { PeerMoves } from "./association_options.ts";
import { HostShares, isOfOneHost, type Rooms } from "./host_shares.ts";
import {
  decodeHello,
  encodeAccept,
  encodeReset,
  encodeRetry,
  features,
  type Hello,
} from "./wire/handshake.ts";
import { PacketReader } from "./wire/packet.ts";
import {
  associationOptionsFor,
  maxMessageBytesOf,
  pathOptionsFor,
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
  /** Where it is; changes when it moves. */
  address: Address;
  /** The id by which the peer is addressed. */
  readonly id: ConnectionId;
  readonly identity: Identity | undefined;
  readonly association: Association;
  /** The answer to its HELLO, in case that comes again. */
  readonly accept: Uint8Array;
  /** Whether it may move to another address. */
  readonly moves: boolean;
  /** Whether the reader of the socket is done with it. */
  forgotten: boolean;
}

/** A peer that has moved. */
interface MovedPeer {
  /** Where it was. */
  readonly address: Address;
  readonly peer: Peer;
}

/** A datagram socket whose messages arrive once and in order. Takes the socket below over. */
export class ReliableListenSocket implements DatagramSocket {
  readonly maxBytes: number;
  readonly #inner: DatagramSocket;
  readonly #options: ReliableSocketOptions;
  readonly #cookies: CookieSecret;
  readonly #peers = new PeerTable<Peer>();
  /** The same by half of the ids by which they address us. */
  readonly #byId = new Map<number, Peer>();
  /** Peers that have moved and of which the reader does not know it yet, by their address before. */
  readonly #moved = new PeerTable<MovedPeer>();
  /** The addresses before of peers of which the reader has been told. */
  readonly #told: Address[] = [];
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
    for (const before of this.#told.splice(0)) {
      const moved = this.#moved.get(before);
      if (moved !== undefined) this.#moved.delete(moved);
    }
    return this.#moved.size === 0 ? this.#queue.next() : this.#queue.next().then(this.#handOut);
  }

  readonly #handOut = (item: Datagram | null): Datagram | null => {
    if (item !== null && "movedTo" in item) this.#told.push(item.from);
    return item;
  };

  /** Resolves once there is room for the message; rejects when the peer is gone. */
  send(bytes: Uint8Array, to: Address): Promise<void> {
    const association = this.#peerOf(to)?.association;
    if (association === undefined) {
      return Promise.reject(
        new Error(`Cannot send to ${formatAddress(to)}: there is nothing between us any more`),
      );
    }
    return association.send(bytes);
  }

  end(to: Address): Promise<void> {
    return this.#peerOf(to)?.association.end() ?? Promise.resolve();
  }

  delivered(to: Address): Promise<void> {
    return this.#peerOf(to)?.association.delivered() ?? Promise.resolve();
  }

  delivery(to: Address): Delivery | undefined {
    return this.#peerOf(to)?.association.delivery;
  }

  consumed(from: Address, bytes: number): void {
    this.#peerOf(from)?.association.consumed(bytes);
  }

  /** Ends our half and lets what was sent arrive, in the background. */
  forget(to: Address): void {
    const peer = this.#peerOf(to);
    if (peer === undefined) return;
    peer.forgotten = true;
    const { reliableTimeoutMs } = this.#options.chosen;
    peer.association.forget(Math.min(reliableTimeoutMs, FORGET_WITHIN_MS));
  }

  /** The peer that the reader knows by this address: of one that took the place of a peer that moved it
   * hears later. */
  #peerOf(address: Address): Peer | undefined {
    return this.#moved.get(address)?.peer ?? this.#peers.get(address);
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
        const here = this.#peers.get(from);
        const isHere = here !== undefined && isFor(bytes, here.association.id);
        const peer = isHere ? here : this.#movingPeer(bytes);
        if (peer === undefined) {
          counters.stale++;
          // A peer that knows the id learns that it is void; to others this says nothing.
          this.#transmit(encodeReset(readConnectionId(bytes)), from);
        } else if (identity?.fingerprint !== peer.identity?.fingerprint) {
          counters.forged++;
        } else {
          peer.association.receive(bytes, this.#packet, isHere ? undefined : from);
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

  /** The peer for which a datagram is that came from where no peer with its id is known to be. */
  #movingPeer(bytes: Uint8Array): Peer | undefined {
    const peer = this.#byId.get(readConnectionId(bytes).high);
    return peer?.moves && isFor(bytes, peer.association.id) ? peer : undefined;
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
    const id = this.#newId();
    const rooms = this.#shares.add(from);
    const moves = this.#movesOf(hello, () => peer, rooms);
    const options = associationOptionsFor(from, this.#inner, rooms, this.#options, Infinity);
    const association = new Association(id, hello.id, hello.terms, options, {
      buffer: (bytes) => this.#sender.buffer(bytes),
      transmit: (buffer, length, to = peer.address) => this.#sender.transmit(buffer, length, to),
      delivered: (bytes) => {
        const from = peer.address;
        this.#queue.push(identity === undefined ? { from, bytes } : { from, bytes, identity });
      },
      peerFinished: () => this.#queue.push({ from: peer.address, finished: true }),
      ended: ({ why, orderly }) => {
        this.#lingering.add(peer);
        if (peer.forgotten) return;
        this.#queue.push({ from: peer.address, ended: why, ...(!orderly && { lost: true }) });
      },
      ...(moves && { moves }),
    });
    const peer: Peer = {
      address: from,
      id: hello.id,
      identity,
      moves: moves !== undefined,
      association,
      accept: encodeAccept(hello.id, { id, terms: termsOf(this.#options) }),
      forgotten: false,
    };
    association.onRelease = () => {
      this.#peers.delete(peer);
      this.#byId.delete(id.high);
      this.#all.delete(peer);
      this.#lingering.delete(peer);
      this.#shares.delete(peer.address);
      this.#inner.forget?.(peer.address);
    };
    this.#peers.add(peer);
    this.#byId.set(id.high, peer);
    this.#all.add(peer);
    this.#transmit(peer.accept, from);
  }

  /** An id of which no peer has the first half. */
  #newId(): ConnectionId {
    for (;;) {
      const id = newConnectionId();
      if (!this.#byId.has(id.high)) return id;
    }
  }

  /** How a peer may move; undefined when it may not. */
  #movesOf(hello: Hello, peerOf: () => Peer, rooms: Rooms): PeerMoves | undefined {
    const { reliableMoves: perMinute } = this.#options.chosen;
    if (perMinute === 0 || (hello.features & features.moves) === 0) return undefined;
    return {
      perMinute,
      admits: (to) => isOfOneHost(peerOf().address, to) || this.#shares.hasRoom(to),
      moved: (to) => {
        const peer = peerOf();
        const from = peer.address;
        this.#peers.get(to)?.association.dispose("another peer has its address");
        this.#shares.move(rooms, from, to);
        this.#peers.delete(peer);
        peer.address = to;
        this.#peers.add(peer);
        this.#inner.forget?.(from);
        this.#tellMoved(peer, from, to);
        return pathOptionsFor(to, this.#inner, this.#options);
      },
    };
  }

  #tellMoved(peer: Peer, from: Address, to: Address): void {
    if (peer.forgotten || peer.association.hasEnded) return;
    if (this.#moved.get(from) === undefined) this.#moved.add({ address: from, peer });
    if (this.#queue.isAwaited) this.#told.push(from);
    this.#queue.push({ from, movedTo: to });
  }

  #transmit(bytes: Uint8Array, to: Address): void {
    this.#sender.transmit(bytes, bytes.length, to);
  }
}
