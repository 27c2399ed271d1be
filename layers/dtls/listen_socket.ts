// The listening half of DTLS over any datagram socket: one socket, a table of associations.

import type { Address } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import { IdleSweep } from "../../core/idle_sweep.ts";
import { PeerTable } from "../../core/datagrams/peer_table.ts";
import { DtlsError } from "./alert.ts";
import { CookieSecret } from "../cookie.ts";
import { DatagramQueue } from "../datagram_queue.ts";
import type { DropReason } from "./record_layer.ts";
import { type FirstHello, helloVerifyRequest, readFirstHello } from "./first_hello.ts";
import { MAX_PLAINTEXT_BYTES, RECORD_HEADER_BYTES } from "./record.ts";
import { MAX_SEAL_BYTES } from "./record_protection.ts";
import { ServerPeer, type ServerPeerOptions } from "./server_peer.ts";

/** What is added to a message on its way. */
export const OVERHEAD_BYTES = RECORD_HEADER_BYTES + MAX_SEAL_BYTES;

/** How much longer than the server above an association waits before it is idle: the server decides,
 * this is for those that it never heard of. */
const IDLE_FACTOR = 1.5;

/** What happens on the way, for whoever counts. */
export interface ListenHooks {
  /** A stranger's datagram was turned away. */
  denied?(from: Address): void;
  /** A handshake failed or took too long. */
  handshakeFailed?(from: Address, error: DtlsError): void;
  /** A client had to go because there was no room. */
  refused?(from: Address): void;
  dropped?(reason: DropReason): void;
}

/** What a listening socket needs. */
export interface ListenOptions extends ServerPeerOptions {
  /** Asked before anything is worked out for a peer. */
  readonly admits: (from: Address) => boolean;
  readonly maxPeers: number;
  /** Handshakes that are not done. */
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly peerTimeoutMs: number;
  readonly hooks?: ListenHooks;
}

/** One client and what is between us. */
class Association {
  readonly address: Address;
  readonly peer: ServerPeer;
  /** Set by every datagram either way; an idle sweep compares it. */
  active = true;
  /** Whether its handshake was done. */
  connected = false;
  /** Calls the deadline of the handshake off. */
  cancelDeadline: (() => void) | undefined;

  constructor(address: Address, peer: ServerPeer) {
    this.address = address;
    this.peer = peer;
  }
}

/** A datagram socket on which every peer has shaken hands. Takes the socket below over. */
export class DtlsListenSocket implements DatagramSocket {
  readonly maxBytes: number;
  readonly #inner: DatagramSocket;
  readonly #options: ListenOptions;
  readonly #cookies: CookieSecret;
  readonly #associations = new PeerTable<Association>();
  readonly #all = new Set<Association>();
  readonly #idle: IdleSweep<Association>;
  readonly #queue = new DatagramQueue();
  #handshakes = 0;
  /** The same for each host, so that one cannot have them all. */
  readonly #handshakesOf = new Map<string, number>();
  #disposed = false;
  delivered?(to: Address): Promise<void>;

  constructor(inner: DatagramSocket, options: ListenOptions) {
    this.#inner = inner;
    this.#options = options;
    this.maxBytes = Math.min(inner.maxBytes - OVERHEAD_BYTES, MAX_PLAINTEXT_BYTES);
    this.#cookies = new CookieSecret(options.clock.elapsedMs);
    this.#idle = new IdleSweep(IDLE_FACTOR * options.peerTimeoutMs, (one) => one.peer.close());
    // What a layer below still holds back has to leave before we say goodbye.
    if (inner.delivered) this.delivered = (to) => inner.delivered!(to);
    void this.#pump();
  }

  get address(): Address {
    return this.#inner.address;
  }

  /** How many associations there are, half open ones included. */
  get peers(): number {
    return this.#all.size;
  }

  /** How many handshakes are not done. */
  get handshakes(): number {
    return this.#handshakes;
  }

  receive(): Promise<Datagram | null> {
    return this.#queue.next();
  }

  /** A message to nobody we have shaken hands with is dropped. */
  async send(bytes: Uint8Array, to: Address): Promise<void> {
    const association = this.#associations.get(to);
    const record = association?.peer.seal(bytes);
    if (association === undefined || record === undefined || record === null) return;
    association.active = true;
    await this.#inner.send(record, to);
  }

  /** Nothing: in version 1.2 a goodbye ends both directions (RFC 5246 7.2.1). */
  end(): Promise<void> {
    return Promise.resolve();
  }

  /** Says goodbye to a peer and forgets it. */
  forget(to: Address): void {
    this.#associations.get(to)?.peer.close();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    for (const { peer } of this.#all) peer.close();
    this.#disposed = true;
    this.#idle[Symbol.dispose]();
    this.#queue.close();
    this.#inner[Symbol.dispose]();
  }

  /** Reads the socket below for as long as it is open. */
  async #pump(): Promise<void> {
    for (;;) {
      try {
        const datagram = await this.#inner.receive();
        if (datagram === null) break;
        if ("bytes" in datagram) this.#take(datagram.from, datagram.bytes);
        else this.#associations.get(datagram.from)?.peer.close();
      } catch (error) {
        if (this.#disposed) break;
        // Whoever reads us waits a little before it reads again.
        this.#queue.push(error instanceof Error ? error : new Error(String(error)));
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#options.clock.after(READ_AGAIN_MS, resolve);
        await promise;
      }
      const room = this.#queue.room;
      if (room !== undefined) await room;
    }
    this.#queue.close();
  }

  #take(from: Address, bytes: Uint8Array): void {
    const { admits, hooks } = this.#options;
    if (!admits(from)) {
      hooks?.denied?.(from);
      return;
    }
    const known = this.#associations.get(from);
    const first = isSealed(bytes) ? null : readFirstHello(bytes);
    if (first === null || known?.peer.beganWith(first.hello)) {
      if (known === undefined) hooks?.dropped?.("unexpected");
      else {
        known.active = true;
        known.peer.receive(bytes);
      }
      return;
    }
    this.#meet(from, first, bytes, known);
  }

  /** A ClientHello that begins a handshake: of a stranger, or of a peer that has forgotten us. */
  #meet(
    from: Address,
    { hello, recordSequence, messageSequence }: FirstHello,
    bytes: Uint8Array,
    known: Association | undefined,
  ): void {
    const { hooks, maxPeers, maxHandshakes, handshakeTimeoutMs, clock } = this.#options;
    if (!this.#cookies.isGood(from, hello)) {
      this.#transmit(from, helloVerifyRequest(recordSequence, this.#cookies.make(from, hello)));
      return;
    }
    // RFC 6347 4.2.8: only now is it known that the peer itself wants to begin anew.
    known?.peer.close();
    const ofHost = this.#handshakesOf.get(hostOf(from)) ?? 0;
    const share = Math.max(LEAST_SHARE, maxHandshakes * LARGEST_SHARE);
    if (
      this.#all.size >= maxPeers || this.#handshakes >= maxHandshakes || ofHost >= share
    ) {
      hooks?.refused?.(from);
      return;
    }
    const peer = new ServerPeer(this.#options, {
      transmit: (datagram) => this.#transmit(from, datagram),
      connected: () => {
        association.connected = true;
        this.#countHandshake(from, -1);
        association.cancelDeadline?.();
      },
      received: (message) => {
        const { identity } = peer;
        this.#queue.push({ from, bytes: message, ...(identity && { identity }) });
      },
      ended: (error) => this.#ended(association, error),
      dropped: (reason) => hooks?.dropped?.(reason),
    });
    const association = new Association(from, peer);
    this.#associations.add(association);
    this.#all.add(association);
    this.#idle.add(association);
    this.#countHandshake(from, 1);
    association.cancelDeadline = clock.after(
      handshakeTimeoutMs,
      () => peer.fail(new DtlsError("user_canceled", "the handshake took too long")),
    );
    peer.begin(recordSequence, messageSequence);
    peer.receive(bytes);
  }

  #ended(association: Association, error: DtlsError | undefined): void {
    const { address } = association;
    this.#associations.delete(association);
    this.#all.delete(association);
    this.#idle.delete(association);
    association.cancelDeadline?.();
    if (!association.connected) {
      this.#countHandshake(address, -1);
      if (error !== undefined) this.#options.hooks?.handshakeFailed?.(address, error);
      return;
    }
    const ended = error?.message ?? "closed by the peer";
    this.#queue.push({ from: address, ended, ...(error && { lost: true }) });
  }

  #countHandshake(from: Address, change: 1 | -1): void {
    this.#handshakes += change;
    const host = hostOf(from);
    const count = (this.#handshakesOf.get(host) ?? 0) + change;
    if (count > 0) this.#handshakesOf.set(host, count);
    else this.#handshakesOf.delete(host);
  }

  /** Sends what belongs to a handshake. Whether it arrives is unknown in any case. */
  #transmit(to: Address, datagram: Uint8Array): void {
    if (this.#disposed) return;
    this.#inner.send(datagram, to).catch(() => {});
  }
}

/** How long to wait after reading failed for a reason that may last. */
const READ_AGAIN_MS = 75;

/** The share of all unfinished handshakes that one host may have, and what it may have in any case. */
const LARGEST_SHARE = 1 / 4;
const LEAST_SHARE = 8;

function hostOf(address: Address): string {
  return "hostname" in address ? address.hostname : "";
}

/** Whether a datagram begins with a record of a later epoch: most do, and need no closer look. */
function isSealed(bytes: Uint8Array): boolean {
  return bytes[3] !== 0 || bytes[4] !== 0;
}
