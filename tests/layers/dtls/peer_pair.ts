/** A client and a server of DTLS joined by a wire that a test can cut, bend and listen to. */

import type { DtlsError } from "../../../layers/dtls/wire/alert.ts";
import { ClientPeer, type ClientPeerOptions } from "../../../layers/dtls/client_peer.ts";
import type { PeerHooks } from "../../../layers/dtls/peer.ts";
import type { DropReason } from "../../../layers/dtls/record/record_layer.ts";
import { readFirstHello } from "../../../layers/dtls/handshake/first_hello.ts";
import { ServerPeer, type ServerPeerOptions } from "../../../layers/dtls/server_peer.ts";
import { usableSuites } from "../../../layers/dtls/crypto/suites.ts";
import { type Made, make, NOW } from "./made_certificates.ts";
import { VirtualClock } from "../virtual_clock.ts";

export type End = "client" | "server";

/** What one end has been through. */
export interface Log {
  connected: boolean;
  ended: boolean;
  error: DtlsError | undefined;
  readonly messages: string[];
  readonly dropped: DropReason[];
}

/** How the two are to be. */
export interface PairOptions {
  readonly client?: Partial<ClientPeerOptions>;
  readonly server?: Partial<ServerPeerOptions>;
  /** What becomes of a datagram on its way; by default it arrives as it is. */
  readonly wire?: (from: End, datagram: Uint8Array) => readonly Uint8Array[];
  readonly makeClient?: (options: ClientPeerOptions, hooks: PeerHooks) => ClientPeer;
  readonly makeServer?: (options: ServerPeerOptions, hooks: PeerHooks) => ServerPeer;
}

let shared: Promise<Made> | undefined;

/** A certificate for server.test that tests without wishes share. */
export function sharedCertificate(): Promise<Made> {
  return shared ??= make();
}

/** Both ends, without a cookie exchange, which is the listening socket's. */
export class PeerPair {
  readonly clock: VirtualClock = new VirtualClock(NOW);
  readonly client: ClientPeer;
  readonly server: ServerPeer;
  readonly logs: Readonly<Record<End, Log>> = { client: newLog(), server: newLog() };
  /** Every datagram that was sent, before the wire had its way with it. */
  readonly sent: { readonly from: End; readonly datagram: Uint8Array }[] = [];
  wire: NonNullable<PairOptions["wire"]>;
  readonly #inFlight: { readonly to: End; readonly datagram: Uint8Array }[] = [];
  #begun = false;

  constructor(certificate: Made, options: PairOptions = {}) {
    this.wire = options.wire ?? ((_from, datagram) => [datagram]);
    const common = { clock: this.clock, mtuBytes: 1200, suites: usableSuites() };
    const clientOptions: ClientPeerOptions = {
      ...common,
      trust: { by: "authority", authorities: [certificate.certificate] },
      serverName: "server.test",
      ...options.client,
    };
    const serverOptions: ServerPeerOptions = {
      ...common,
      credentials: [certificate.credentials],
      ...options.server,
    };
    const { makeClient, makeServer } = options;
    this.client = makeClient?.(clientOptions, this.#hooks("client")) ??
      new ClientPeer(clientOptions, this.#hooks("client"));
    this.server = makeServer?.(serverOptions, this.#hooks("server")) ??
      new ServerPeer(serverOptions, this.#hooks("server"));
  }

  /** A pair with the shared certificate. */
  static async make(options: PairOptions = {}): Promise<PeerPair> {
    return new PeerPair(await sharedCertificate(), options);
  }

  /** Shakes hands as far as it goes without waiting. */
  handshake(): this {
    this.client.start();
    this.settle();
    return this;
  }

  /** Delivers what is on the wire until nothing is. */
  settle(): void {
    for (let next = this.#inFlight.shift(); next; next = this.#inFlight.shift()) {
      this.deliver(next.to, next.datagram);
    }
  }

  deliver(to: End, datagram: Uint8Array): void {
    if (to === "server" && !this.#begun) {
      const first = readFirstHello(datagram);
      if (first === null) return;
      this.#begun = true;
      this.server.begin(first.recordSequence, first.messageSequence);
    }
    this[to].receive(datagram);
  }

  /** Sends a message from one end and delivers it. */
  say(from: End, text: string): void {
    const record = this[from].seal(new TextEncoder().encode(text));
    if (record !== null) this.#transmit(from, record);
    this.settle();
  }

  /** Moves time on, and what it sets off. */
  advance(ms: number): void {
    const end = this.clock.elapsedMs() + ms;
    while (this.clock.elapsedMs() < end && this.clock.step(end - this.clock.elapsedMs())) {
      this.settle();
    }
  }

  #transmit(from: End, datagram: Uint8Array): void {
    this.sent.push({ from, datagram });
    const to = from === "client" ? "server" : "client";
    for (const one of this.wire(from, datagram)) this.#inFlight.push({ to, datagram: one.slice() });
  }

  #hooks(end: End): PeerHooks {
    const log = this.logs[end];
    return {
      transmit: (datagram) => this.#transmit(end, datagram),
      connected: () => void (log.connected = true),
      received: (bytes) => void log.messages.push(new TextDecoder().decode(bytes)),
      ended: (error) => {
        log.ended = true;
        log.error = error;
      },
      dropped: (reason) => void log.dropped.push(reason),
    };
  }
}

function newLog(): Log {
  return { connected: false, ended: false, error: undefined, messages: [], dropped: [] };
}
