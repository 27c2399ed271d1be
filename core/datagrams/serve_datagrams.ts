// Serving a session protocol on a datagram socket: one receiving loop and its table of peers. A
// peer has a session from its first datagram until the protocol returns, and then may have another.

import type { Address } from "../addresses/address.ts";
import { type Admission, everybody } from "../addresses/admission.ts";
import type { Datagram, DatagramSocket } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { IdleSweep } from "../sessions/idle_sweep.ts";
import { type BoundLayer, layerDatagrams } from "../layer.ts";
import type { DatagramLimits } from "../limits.ts";
import type { DatagramListener, RunningServer } from "../running_server.ts";
import { runningServer } from "../sessions/server.ts";
import type { SessionWork } from "../server_kind.ts";
import { type DatagramGuarantees, type Identity, sameIdentity } from "../session.ts";
import { Ledger } from "../sessions/life.ts";
import { smallBytes } from "../sessions/small_bytes.ts";
import { DatagramPeer, type DatagramSession } from "./datagram_session.ts";
import { PeerTable } from "./peer_table.ts";
import { RestingPeers } from "./resting_peers.ts";
import { WrappedDatagrams } from "./wrapped_datagrams.ts";

/** Delay after receiving failed for a reason that may last. */
const BACK_OFF_MS = 75;

/** The share of the time after which a peer is forgotten that one in a conversation has to be silent
 * before it gives way to a new peer. */
const QUIET_SHARE = 1 / 6;

/** Servers on ports below this one reply to anything, so replying to them could start an endless
 * loop between two servers (RFC 862 to 868; CVE-1999-0103). */
const FIRST_UNPRIVILEGED_PORT = 1024;

export interface DatagramServerOptions {
  /** Layers from the wire inward, if they are not those of the work. */
  readonly layers?: readonly BoundLayer[];
  readonly admits: Admission;
  readonly limits: DatagramLimits;
  readonly work: SessionWork;
  /** The ledger, if a layer of the transport itself records peers in it too. */
  readonly ledger?: Ledger;
}

/** Serves until shut down. Takes ownership of the socket, which it wraps in the layers. */
export function serveDatagrams(
  listener: DatagramListener,
  options: DatagramServerOptions,
): RunningServer {
  const server = new DatagramServer(listener, options);
  return runningServer({
    listening: listener,
    address: listener.socket.address,
    ledger: server.ledger,
    stopListening: () => server.stopListening(),
    release: () => server.release(),
    loop: server.run(),
  });
}

/** The server of one socket and its peers. */
class DatagramServer {
  readonly ledger: Ledger;
  readonly #admits: Admission;
  readonly #limits: DatagramLimits;
  readonly #counters: Counters;
  readonly #socket: DatagramSocket;
  readonly #peers = new PeerTable<DatagramPeer>();
  readonly #resting: RestingPeers<DatagramPeer>;
  /** Undefined where peers have proved their addresses: those do not give way to others. */
  readonly #rests: ((peer: DatagramPeer) => void) | undefined;
  readonly #idle: IdleSweep<DatagramPeer>;
  /** False with layers: the socket below them checks, so that they do no work for denied peers. */
  readonly #asksAdmission: boolean;
  readonly #answers: boolean;
  readonly #ownPort: number | undefined;
  readonly #guarantees: DatagramGuarantees;
  readonly #replyRatePerSecond: number;
  readonly #inboxRoom: { bytes: number };
  readonly #speak: (session: DatagramSession) => Promise<void>;
  #stopping = false;

  constructor({ url, socket, onDropped }: DatagramListener, options: DatagramServerOptions) {
    const { admits, limits, work, layers = work.layers } = options;
    const { protocol, service, context } = work;
    this.ledger = options.ledger ?? new Ledger(url, context.emit, context.traffic);
    this.#admits = admits;
    this.#limits = limits;
    const counters = this.#counters = this.ledger.counters;
    onDropped?.(() => counters.inboxDropped++);
    this.#asksAdmission = layers.length === 0;
    // Layers do work for every sender, so they receive only from admitted ones.
    this.#socket = this.#asksAdmission ? socket : layerDatagrams(
      admits === everybody
        ? socket
        : new AdmittedDatagrams(socket, (from) => this.#isAdmitted(from)),
      layers,
      { role: "listen" },
      { counters, limits },
    );
    const { address } = this.#socket;
    this.#ownPort = "port" in address ? address.port : undefined;
    this.#answers = protocol.datagramReply !== "none";
    const provesSender = layers.some((layer) => layer.provesSender);
    this.#guarantees = { provesSender, ordered: layers.some(({ ordered }) => ordered) };
    this.#replyRatePerSecond = provesSender ? Infinity : limits.replyRatePerSecond;
    this.#resting = new RestingPeers(limits.peerTimeoutMs * QUIET_SHARE);
    if (!provesSender) {
      this.#rests = (peer) => {
        if (peer.session === undefined) return;
        this.#resting.rest(peer, peer.conversing || !peer.answered);
      };
    }
    this.#inboxRoom = { bytes: limits.inboxBytes };
    this.#speak = (session) => service.serve(session);
    this.#idle = new IdleSweep<DatagramPeer>(limits.peerTimeoutMs, (peer) => {
      if (peer.session === undefined) this.#forget(peer);
      else this.ledger.closeIdle(peer.session);
    });
  }

  async run(): Promise<void> {
    for (;;) {
      try {
        const datagram = await this.#socket.receive();
        if (datagram === null) return;
        if ("bytes" in datagram) this.#take(datagram.from, datagram.bytes, datagram.identity);
        else if ("finished" in datagram) this.#finishInput(datagram.from);
        else if ("movedTo" in datagram) this.#move(datagram.from, datagram.movedTo);
        else this.#lose(datagram.from, datagram.ended, datagram.lost);
      } catch (error) {
        this.ledger.acceptFailed(error);
        await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS));
      }
    }
  }

  /** Replies are sent through the socket while sessions drain, so it stays open. */
  stopListening(): void {
    this.#stopping = true;
  }

  release(): void {
    this.#socket[Symbol.dispose]();
    this.#idle[Symbol.dispose]();
  }

  #isAdmitted(from: Address): boolean {
    if (this.#admits(from)) return true;
    this.ledger.denied(from, "address");
    return false;
  }

  #take(from: Address, bytes: Uint8Array, identity?: Identity): void {
    // A server that stops takes no more messages. Under a layer with flow control, which waits
    // until messages are consumed, this stops the peers from sending.
    if (this.#stopping) return;
    if (this.#asksAdmission && !this.#isAdmitted(from)) return;
    if (this.#couldLoop(from)) return this.#refuse(from, bytes, "loopsRefused");
    if (bytes.length > this.#limits.maxMessageBytes) return this.#refuse(from, bytes, "oversized");
    const before = this.#peers.get(from);
    // A session belongs to one identity: another peer at this address needs its own.
    if (before?.session !== undefined && !sameIdentity(before.identity, identity)) {
      this.#lose(from, "another peer has its address");
    }
    if (before?.answered) before.conversing = true;
    const peer = this.#findPeer(from);
    if (peer === undefined) return this.#refuse(from, bytes, "peersRefused");
    this.#counters.messagesReceived++;
    this.#counters.bytesReceived += bytes.length;
    peer.active = true;
    peer.identity = identity;
    this.#deliver(peer, this.#socket.consumed === undefined ? copyOf(bytes) : bytes);
  }

  #couldLoop(from: Address): boolean {
    return this.#answers && "port" in from &&
      (from.port < FIRST_UNPRIVILEGED_PORT || from.port === this.#ownPort);
  }

  /** Drops a datagram, and tells a socket with flow control that it is consumed. */
  #refuse(from: Address, bytes: Uint8Array, reason: keyof Counters): void {
    this.#counters[reason]++;
    this.#socket.consumed?.(from, bytes.length);
  }

  #findPeer(from: Address): DatagramPeer | undefined {
    const known = this.#peers.get(from);
    if (known !== undefined) return known;
    const { maxPeers, maxMessageBytes, inboxMessages } = this.#limits;
    if (this.#peers.size >= maxPeers) {
      const oldest = this.#resting.nextToGo();
      if (oldest === undefined) return undefined;
      this.#counters.peersReplaced++;
      this.#forget(oldest);
      oldest.session?.close("gave way to a new peer");
    }
    const peer = new DatagramPeer({
      address: from,
      socket: this.#socket,
      counters: this.#counters,
      guarantees: this.#guarantees,
      maxMessageBytes,
      inboxMessages,
      replyRatePerSecond: this.#replyRatePerSecond,
      inboxRoom: this.#inboxRoom,
      rests: this.#rests,
    });
    // Where nothing is answered, nobody waits for an answer.
    peer.answered = !this.#answers;
    this.#peers.add(peer);
    this.#idle.add(peer);
    return peer;
  }

  /** Delivers a datagram, copied already, to its peer's session, and opens one if there is none. */
  #deliver(peer: DatagramPeer, bytes: Uint8Array): void {
    this.#resting.wake(peer);
    if (peer.session === undefined) {
      void this.ledger.live(peer.open(), this.#speak, (session) => this.#leave(peer, session));
    }
    if (peer.session?.deliver(bytes)) return;
    this.#counters.inboxDropped++;
    this.#socket.consumed?.(peer.address, bytes.length);
  }

  /** Called when a session has ended; its peer may open another. */
  #leave(peer: DatagramPeer, session: DatagramSession): void {
    peer.session = undefined;
    const unread = session.takeUnread();
    if (session.reason || session.failure || session.finished || this.#stopping) {
      return this.#forget(peer);
    }
    this.#resting.leave(peer);
    for (const bytes of unread) this.#deliver(peer, bytes);
  }

  #finishInput(from: Address): void {
    const peer = this.#peers.get(from);
    if (peer?.session !== undefined) peer.session.finishInput();
    else if (peer !== undefined) this.#forget(peer);
    else this.#socket.forget?.(from);
  }

  /** The peer goes on from another address, with the session that it has. */
  #move(from: Address, to: Address): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    this.#lose(to, "another peer has its address");
    this.#peers.delete(peer);
    peer.address = to;
    this.#peers.add(peer);
    peer.active = true;
    if (peer.session !== undefined) this.ledger.moved(peer.session, from);
  }

  /** Ends the session of a peer that a layer reports as gone or whose address another peer has. */
  #lose(from: Address, why: string, lost?: true): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    this.#remove(peer);
    peer.session?.abandon(why, lost);
  }

  #forget(peer: DatagramPeer): void {
    // The address may belong to a new peer by now.
    if (this.#peers.get(peer.address) === peer) this.#socket.forget?.(peer.address);
    this.#remove(peer);
  }

  #remove(peer: DatagramPeer): void {
    this.#peers.delete(peer);
    this.#idle.delete(peer);
    this.#resting.wake(peer);
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = smallBytes(bytes.length);
  copy.set(bytes);
  return copy;
}

/** A datagram socket that receives only from admitted peers. Takes ownership of the inner socket. */
class AdmittedDatagrams extends WrappedDatagrams {
  readonly #admits: (from: Address) => boolean;

  constructor(inner: DatagramSocket, admits: (from: Address) => boolean) {
    super(inner);
    this.#admits = admits;
  }

  override receive(): Promise<Datagram | null> {
    return this.inner.receive().then(this.#received);
  }

  // Made once, because it is called for every datagram.
  readonly #received = (datagram: Datagram | null): Datagram | null | Promise<Datagram | null> =>
    datagram === null || this.#admits(datagram.from) ? datagram : this.receive();
}
