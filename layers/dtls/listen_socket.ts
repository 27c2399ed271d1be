// The listening socket of DTLS over any datagram socket: a table of associations.

import { randomBytes } from "node:crypto";
import { type Address, networkOf, sameAddress } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import { IdleSweep } from "../../core/sessions/idle_sweep.ts";
import { PeerTable } from "../../core/datagrams/peer_table.ts";
import { DtlsError } from "./wire/alert.ts";
import { CookieSecret } from "../peers/cookie.ts";
import { DatagramQueue } from "../peers/datagram_queue.ts";
import type { DropReason } from "./record/record_layer.ts";
import { type FirstHello, helloVerifyRequest, readFirstHello } from "./handshake/first_hello.ts";
import {
  contentTypes,
  headerField,
  MAX_PLAINTEXT_BYTES,
  RECORD_HEADER_BYTES,
} from "./record/format.ts";
import { RecordPacking } from "./record/packing.ts";
import { MAX_SEAL_BYTES } from "./record/protection.ts";
import { PeerPath } from "./peer_path.ts";
import { ServerPeer, type ServerPeerOptions } from "./server_peer.ts";

/** The longest connection id, and the real type, which is sealed beside one (RFC 9146 3 and 4). */
const MAX_NAMING_BYTES = 255 + 1;

/** The most bytes that a record adds to a message. */
export const OVERHEAD_BYTES = RECORD_HEADER_BYTES + MAX_SEAL_BYTES + MAX_NAMING_BYTES;

/** The connection ids that we give, random ones: so many that two never meet, and short enough that
 * each is a whole number that is exact. */
const CONNECTION_ID_BYTES = 6;

function numberOf(bytes: Uint8Array, at: number): number {
  let number = 0;
  for (let place = at; place < at + CONNECTION_ID_BYTES; place++) {
    number = number * 256 + bytes[place]!;
  }
  return number;
}

/** How many times as long as the server above an association waits before it is idle. The server
 * decides; this is for associations without a message, of which it has not heard. */
const IDLE_FACTOR = 1.5;

/** Events for the counters of a server. */
interface ListenHooks {
  /** A handshake failed or took too long. */
  handshakeFailed?(from: Address, error: DtlsError): void;
  /** A client had to go because there was no room. */
  refused?(from: Address): void;
  /** Something was not sent, because its peer has yet to show that it is where it seems to be. */
  heldBack?(to: Address): void;
  dropped?(reason: DropReason): void;
}

export interface ListenOptions extends ServerPeerOptions {
  /** The part of the options that may change while it runs, asked for when a handshake begins. */
  readonly secrets?: () => Partial<ServerPeerOptions>;
  readonly maxPeers: number;
  /** How many handshakes may be under way. */
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly peerTimeoutMs: number;
  /** Whether clients that ask for it get a connection id, so that they may change their address. */
  readonly connectionIds?: boolean;
  readonly hooks?: ListenHooks;
}

/** One client and our end of the association with it. */
class Association {
  readonly path: PeerPath;
  readonly peer: ServerPeer;
  readonly records: RecordPacking;
  /** The connection id that names it, if there is one. */
  id: number | undefined;
  /** Where the datagram that is being read came from, and its length, where that is not known to be the
   * peer's address. */
  elsewhere: { readonly from: Address; bytes: number } | undefined;
  /** Set by every datagram either way; an idle sweep compares it. */
  active = true;
  /** Whether its handshake was done. */
  connected = false;
  /** Calls the deadline of the handshake off. */
  cancelDeadline: (() => void) | undefined;

  constructor(path: PeerPath, peer: ServerPeer, records: RecordPacking) {
    this.path = path;
    this.peer = peer;
    this.records = records;
  }

  /** The address under which it is entered. */
  get address(): Address {
    return this.path.address;
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
  readonly #byId = new Map<number, Association>();
  readonly #idle: IdleSweep<Association>;
  readonly #queue = new DatagramQueue();
  #handshakes = 0;
  /** Handshakes under way by subscriber: one may have only a part of them. */
  readonly #handshakesOf = new Map<string, number>();
  #disposed = false;
  delivered?(to: Address): Promise<void>;

  constructor(inner: DatagramSocket, options: ListenOptions) {
    this.#inner = inner;
    this.#options = options;
    this.maxBytes = Math.min(inner.maxBytes - OVERHEAD_BYTES, MAX_PLAINTEXT_BYTES);
    this.#cookies = new CookieSecret(options.clock.elapsedMs);
    this.#idle = new IdleSweep(IDLE_FACTOR * options.peerTimeoutMs, (one) => one.peer.close());
    // Datagrams that a layer below holds back have to leave before the goodbye.
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

  /** A message to an address without an association is dropped. */
  send(bytes: Uint8Array, to: Address): Promise<void> {
    const association = this.#associations.get(to);
    if (association === undefined) return Promise.resolve();
    try {
      const record = association.peer.seal(bytes);
      if (record === null) return Promise.resolve();
      association.active = true;
      return association.records.send(record);
    } catch (error) {
      return Promise.reject(error);
    }
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
        await this.#queue.failForNow(error, this.#options.clock);
      }
      const room = this.#queue.room;
      if (room !== undefined) await room;
    }
    this.#queue.close();
  }

  #take(from: Address, bytes: Uint8Array): void {
    if (bytes[headerField.type] === contentTypes.withConnectionId) {
      return this.#takeNamed(from, bytes);
    }
    const known = this.#associations.get(from);
    const first = isSealed(bytes) ? null : readFirstHello(bytes);
    if (first === null || known?.peer.beganWith(first.hello)) {
      if (known === undefined) this.#options.hooks?.dropped?.("unexpected");
      else {
        known.active = true;
        known.peer.receive(bytes);
      }
      return;
    }
    this.#meet(from, first, bytes, known);
  }

  /** A datagram that names its association, which may come from anywhere (RFC 9146 6). */
  #takeNamed(from: Address, bytes: Uint8Array): void {
    const association = bytes.length < RECORD_HEADER_BYTES + CONNECTION_ID_BYTES
      ? undefined
      : this.#byId.get(numberOf(bytes, headerField.connectionId));
    if (association === undefined) return this.#options.hooks?.dropped?.("unexpected");
    association.active = true;
    if (association.path.isSettledAt(from)) return association.peer.receive(bytes);
    association.elsewhere = { from, bytes: bytes.length };
    association.peer.receive(bytes, true);
    association.elsewhere = undefined;
  }

  /** The newest record of a peer came from another address than those before. */
  #heardFromElsewhere(association: Association): void {
    const { path, peer, elsewhere } = association;
    if (elsewhere === undefined) return;
    const { from, bytes } = elsewhere;
    const answers = peer.answersQuestions;
    const other = this.#associations.get(from);
    // A forwarded datagram must not drive out whoever really has the address.
    if (!answers && other !== undefined && other !== association) return;
    path.heard(from, bytes);
    // The next record of the same datagram.
    elsewhere.bytes = 0;
    // A peer that cannot be asked is as far as we know where it seems to be. It gets little.
    if (!answers || path.isSettledAt(path.address)) return this.#enterAnew(association);
    const cookie = path.question(this.#options.clock.elapsedMs());
    const question = cookie && peer.sealQuestion(cookie);
    if (question) this.#transmitTo(association, question).catch(() => {});
  }

  #pathAnswered(association: Association, cookie: Uint8Array): void {
    const { path, elsewhere } = association;
    if (elsewhere !== undefined && path.proves(elsewhere.from, cookie)) {
      this.#enterAnew(association);
    }
  }

  /** Enters an association under the address at which its peer is now, and tells those above. */
  #enterAnew(association: Association): void {
    const { path } = association;
    const [from, movedTo] = [path.address, path.destination];
    if (sameAddress(from, movedTo)) return;
    this.#associations.get(movedTo)?.peer.close();
    this.#associations.delete(association);
    path.address = movedTo;
    this.#associations.add(association);
    this.#queue.push({ from, movedTo });
  }

  /** A new connection id, by which an association is found from here on. */
  #name(association: Association): Uint8Array {
    for (;;) {
      const id = randomBytes(CONNECTION_ID_BYTES);
      const number = numberOf(id, 0);
      if (this.#byId.has(number)) continue;
      this.#byId.set(number, association);
      association.id = number;
      return id;
    }
  }

  /** A ClientHello that begins a handshake: of a new client, or of one that begins anew. */
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
    const ofSubscriber = this.#handshakesOf.get(subscriberOf(from)) ?? 0;
    const share = Math.max(LEAST_SHARE, maxHandshakes * LARGEST_SHARE);
    if (
      this.#all.size >= maxPeers || this.#handshakes >= maxHandshakes || ofSubscriber >= share
    ) {
      hooks?.refused?.(from);
      return;
    }
    const { connectionIds = false, packBytes = 0, secrets } = this.#options;
    const named = connectionIds && { newConnectionId: (): Uint8Array => this.#name(association) };
    const peer = new ServerPeer({ ...this.#options, ...secrets?.(), ...named }, {
      transmit: (datagram) => {
        // What is a goodbye comes after what was said before it.
        association.records.flush();
        this.#transmitTo(association, datagram).catch(() => {});
      },
      heardFromElsewhere: () => this.#heardFromElsewhere(association),
      pathAnswered: (cookie) => this.#pathAnswered(association, cookie),
      connected: () => {
        association.connected = true;
        this.#countHandshake(from, -1);
        association.cancelDeadline?.();
      },
      received: (message) => {
        const { identity } = peer;
        const { address } = association;
        this.#queue.push(
          identity === undefined
            ? { from: address, bytes: message }
            : { from: address, bytes: message, identity },
        );
      },
      ended: (error) => this.#ended(association, error),
      dropped: (reason) => hooks?.dropped?.(reason),
    });
    const records = new RecordPacking(
      packBytes,
      (datagram): Promise<void> => this.#transmitTo(association, datagram),
    );
    const association: Association = new Association(new PeerPath(from), peer, records);
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
    const { address, id } = association;
    if (id !== undefined) this.#byId.delete(id);
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
    const subscriber = subscriberOf(from);
    const count = (this.#handshakesOf.get(subscriber) ?? 0) + change;
    if (count > 0) this.#handshakesOf.set(subscriber, count);
    else this.#handshakesOf.delete(subscriber);
  }

  /** Sends a datagram to where the peer of an association is, if that may be. */
  #transmitTo(association: Association, datagram: Uint8Array): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    const { path } = association;
    if (path.takes(datagram.length)) return this.#inner.send(datagram, path.destination);
    this.#options.hooks?.heldBack?.(path.destination);
    return Promise.resolve();
  }

  /** Sends a datagram of a handshake. A failure is no worse than a loss on the way. */
  #transmit(to: Address, datagram: Uint8Array): void {
    if (this.#disposed) return;
    this.#inner.send(datagram, to).catch(() => {});
  }
}

/** The share of all unfinished handshakes that one subscriber may have, and how many it always may. */
const LARGEST_SHARE = 1 / 4;
const LEAST_SHARE = 8;

/** Who is behind an address: an IPv6 client can take a new one of its /64 for each handshake. */
function subscriberOf(address: Address): string {
  return "hostname" in address ? networkOf(address.hostname) : "";
}

/** Whether a datagram begins with a record of a later epoch: most do, and need no closer look. */
function isSealed(bytes: Uint8Array): boolean {
  return bytes[3] !== 0 || bytes[4] !== 0;
}
