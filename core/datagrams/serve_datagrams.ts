// Serving a session protocol on any datagram socket: one loop and its table of peers.

import { type Address, formatAddress, isLoopback } from "../addresses/address.ts";
import type { Admission } from "../addresses/admission.ts";
import { AdmittedDatagrams } from "./admitted_datagrams.ts";
import type { DatagramSocket } from "../connection.ts";
import { type Counters, createCounters } from "../counters.ts";
import { DatagramPeer } from "./datagram_session.ts";
import { errorText } from "../event.ts";
import { IdleSweep } from "../idle_sweep.ts";
import { type BoundLayer, layerDatagrams } from "../layer.ts";
import type { DatagramLimits } from "../limits.ts";
import { PeerTable } from "./peer_table.ts";
import {
  OpenSessions,
  type RunningServer,
  runningServer,
  type ServerCertificate,
} from "../running_server.ts";
import type { SessionWork } from "../server_kind.ts";
import { type Identity, sameIdentity } from "../session.ts";
import { smallBytes } from "../small_bytes.ts";
import { UsageError } from "../usage_error.ts";

/** How long to wait after receiving failed for a reason that may last. */
const BACK_OFF_MS = 75;

/** Services below this port answer whatever they are sent, so answering them could start a loop
 * between two servers that never ends (RFC 862 to 868; CVE-1999-0103). */
const FIRST_UNPRIVILEGED_PORT = 1024;

/** What a datagram server is made of. */
export interface DatagramServerOptions {
  readonly url: string;
  /** Without the layers. */
  readonly socket: DatagramSocket;
  /** From the wire inward. Default: those of the work. */
  readonly layers?: readonly BoundLayer[];
  readonly admits: Admission;
  readonly limits: DatagramLimits;
  readonly work: SessionWork;
  /** Where a layer counts too. Default: none of its own. */
  readonly counters?: Counters;
  readonly certificate?: ServerCertificate;
}

/** Refuses to open an amplifier to the world: beyond loopback, a protocol whose answer may be
 * larger than the question must be told whom to answer.
 * @throws {UsageError} naming the remedy */
export function refuseAmplifier(
  url: string,
  hostname: string,
  allow: readonly string[],
  { protocol, layers }: Pick<SessionWork, "protocol" | "layers">,
): void {
  if (protocol.datagramReply !== "larger" || isLoopback(hostname) || allow.length > 0) return;
  if (layers.some(({ provesSender }) => provesSender)) return;
  throw new UsageError(
    `${url}: ${protocol.name} can answer a datagram with a larger one, which lets a forged sender ` +
      `address aim it at others; say whom to answer with --allow, such as --allow 192.0.2.0/24, ` +
      `or have senders prove who they are with a layer, such as udp+reliable://`,
  );
}

/** Serves until shut down. Takes the socket over. */
export function serveDatagrams(options: DatagramServerOptions): RunningServer {
  const { url, admits, limits, work, layers = work.layers } = options;
  const { emit } = work.context;
  const counters = options.counters ?? createCounters();
  const isDenied = (from: Address): boolean => {
    if (admits(from)) return false;
    counters.denied++;
    emit({ event: "denied", url, peer: formatAddress(from), reason: "address" });
    return true;
  };
  // Layers work for whoever sends to them, so they hear only of those who may come in.
  const socket = layers.length === 0 ? options.socket : layerDatagrams(
    new AdmittedDatagrams(options.socket, (from) => !isDenied(from)),
    layers,
    { role: "listen" },
    { counters, limits },
  );
  const sessions = new OpenSessions();
  const peers = new PeerTable<DatagramPeer>();
  /** Peers without a session: the first to go when the table is full. */
  const dormant = new Set<DatagramPeer>();
  const answers = work.protocol.datagramReply !== "none";
  const ownPort = "port" in socket.address ? socket.address.port : undefined;
  const proven = layers.some(({ provesSender }) => provesSender);
  const inboxRoom = { bytes: limits.inboxBytes };
  let stopping = false;

  const idle = new IdleSweep<DatagramPeer>(limits.peerTimeoutMs, (peer) => {
    if (peer.session === undefined) {
      forget(peer);
    } else {
      counters.idle++;
      peer.session.close("idle");
    }
  });

  function forget(peer: DatagramPeer): void {
    idle.delete(peer);
    // Another peer may have the address by now.
    if (peers.get(peer.address) === peer) socket.forget?.(peer.address);
    peers.delete(peer);
    dormant.delete(peer);
  }

  /** A layer says that a peer is gone, or that somebody else has its address now. */
  function lose(from: Address, reason: string): void {
    const peer = peers.get(from);
    if (peer === undefined) return;
    peers.delete(peer);
    idle.delete(peer);
    dormant.delete(peer);
    peer.session?.abandon(reason);
  }

  /** A peer will send no more. */
  function finish(from: Address): void {
    const peer = peers.get(from);
    if (peer?.session !== undefined) peer.session.finish();
    else if (peer !== undefined) forget(peer);
    else socket.forget?.(from);
  }

  function couldLoop(from: Address): boolean {
    return answers && "port" in from &&
      (from.port < FIRST_UNPRIVILEGED_PORT || from.port === ownPort);
  }

  function findPeer(from: Address): DatagramPeer | undefined {
    const known = peers.get(from);
    if (known !== undefined) return known;
    if (peers.size >= limits.maxPeers) {
      const oldest = dormant.values().next().value;
      if (oldest === undefined) return undefined;
      forget(oldest);
    }
    const peer = new DatagramPeer({
      address: from,
      socket,
      counters,
      maxMessageBytes: limits.maxMessageBytes,
      inboxMessages: limits.inboxMessages,
      replyRatePerSecond: proven ? Infinity : limits.replyRatePerSecond,
      inboxRoom,
    });
    peers.add(peer);
    idle.add(peer);
    return peer;
  }

  /** Hands a datagram, copied already, to its peer's session, opening one if need be. */
  function deliver(peer: DatagramPeer, bytes: Uint8Array): void {
    if (peer.session === undefined) void serveSession(peer);
    if (peer.session?.deliver(bytes)) return;
    counters.inboxDropped++;
    socket.consumed?.(peer.address, bytes.length);
  }

  /** Opens a session before it returns, serves it, and never rejects. */
  async function serveSession(peer: DatagramPeer): Promise<void> {
    const session = peer.open();
    const name = formatAddress(peer.address);
    dormant.delete(peer);
    sessions.add(session);
    counters.opened++;
    const { identity } = session;
    emit({ event: "opened", url, peer: name, ...(identity && { identity }) });
    let reason = "done";
    try {
      await work.service.serve(session);
      await session.delivered();
    } catch (error) {
      if (session.reason === undefined) {
        counters.failed++;
        reason = errorText(error);
      }
    }
    session.close();
    sessions.delete(session);
    peer.session = undefined;
    const unread = session.takeUnread();
    emit({
      event: "closed",
      url,
      peer: name,
      reason: session.reason ?? reason,
      bytesReceived: session.bytesReceived,
      bytesSent: session.bytesSent,
    });
    if (session.reason !== undefined || session.finished || stopping) {
      forget(peer);
      return;
    }
    dormant.add(peer);
    for (const bytes of unread) deliver(peer, bytes);
  }

  /** Drops a datagram, of which a layer might wait to hear that it was read. */
  function refuse(from: Address, bytes: Uint8Array, reason: keyof Counters): void {
    counters[reason]++;
    socket.consumed?.(from, bytes.length);
  }

  function take(from: Address, bytes: Uint8Array, identity?: Identity): void {
    // A peer that a layer holds back is held back from here on.
    if (stopping) return;
    if (layers.length === 0 && isDenied(from)) return;
    if (couldLoop(from)) return refuse(from, bytes, "loopsRefused");
    if (bytes.length > limits.maxMessageBytes) return refuse(from, bytes, "oversized");
    const before = peers.get(from);
    // A session never carries what somebody else said, and answers nobody else.
    if (before?.session !== undefined && !sameIdentity(before.identity, identity)) {
      lose(from, "somebody else has its address");
    }
    const peer = findPeer(from);
    if (peer === undefined) return refuse(from, bytes, "peersRefused");
    counters.messagesReceived++;
    counters.bytesReceived += bytes.length;
    peer.active = true;
    peer.identity = identity;
    const copy = smallBytes(bytes.length);
    copy.set(bytes);
    deliver(peer, copy);
  }

  async function loop(): Promise<void> {
    for (;;) {
      try {
        const datagram = await socket.receive();
        if (datagram === null) return;
        if ("bytes" in datagram) take(datagram.from, datagram.bytes, datagram.identity);
        else if ("finished" in datagram) finish(datagram.from);
        else lose(datagram.from, datagram.ended);
      } catch (error) {
        counters.acceptFailures++;
        emit({ event: "accept-failed", url, error: errorText(error) });
        await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS));
      }
    }
  }

  return runningServer({
    url,
    ...(options.certificate && { certificate: options.certificate }),
    counters,
    sessions,
    stopListening: () => {
      stopping = true;
    },
    // Answers leave through the socket while sessions drain, so it is closed after them.
    release: () => {
      socket[Symbol.dispose]();
      idle[Symbol.dispose]();
    },
    loop: loop(),
  });
}
