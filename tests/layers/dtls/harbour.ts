/** A listening socket of DTLS and its clients, with a test as the network between them. */

import type { Address } from "../../../core/addresses/address.ts";
import type { Datagram } from "../../../core/connection.ts";
import type { DtlsError } from "../../../layers/dtls/wire/alert.ts";
import { ClientPeer, type ClientPeerOptions } from "../../../layers/dtls/client_peer.ts";
import type { DropReason } from "../../../layers/dtls/record/record_layer.ts";
import { DtlsListenSocket, type ListenOptions } from "../../../layers/dtls/listen_socket.ts";
import { usableSuites } from "../../../layers/dtls/crypto/suites.ts";
import { settled } from "../../fake_time.ts";
import { MemoryDatagramSocket, udpAddress } from "../../memory.ts";
import { NOW } from "./made_certificates.ts";
import { sharedCertificate } from "./peer_pair.ts";
import { VirtualClock } from "../virtual_clock.ts";

/** A listening socket to which a test is the network, and what it has said. */
export class Harbour implements Disposable {
  readonly clock: VirtualClock = new VirtualClock(NOW);
  readonly inner: MemoryDatagramSocket = new MemoryDatagramSocket(udpAddress(1));
  readonly socket: DtlsListenSocket;
  readonly failed: string[] = [];
  readonly dropped: DropReason[] = [];
  readonly events: Datagram[] = [];
  refused = 0;
  /** How many datagrams were held back from a peer that may not be where it seems. */
  heldBack = 0;

  private constructor(options: ListenOptions) {
    this.socket = new DtlsListenSocket(this.inner, {
      ...options,
      clock: this.clock,
      hooks: {
        handshakeFailed: (_from: Address, error: DtlsError) => void this.failed.push(error.message),
        refused: () => void this.refused++,
        heldBack: () => void this.heldBack++,
        dropped: (reason: DropReason) => void this.dropped.push(reason),
      },
    });
    void this.#read();
  }

  static async open(options: Partial<ListenOptions> = {}): Promise<Harbour> {
    const { credentials } = await sharedCertificate();
    return new Harbour({
      clock: new VirtualClock(),
      mtuBytes: 1200,
      suites: usableSuites(),
      credentials: [credentials],
      maxPeers: 100,
      maxHandshakes: 100,
      handshakeTimeoutMs: 10_000,
      peerTimeoutMs: Infinity,
      ...options,
    });
  }

  async #read(): Promise<void> {
    for (;;) {
      const datagram = await this.socket.receive();
      if (datagram === null) return;
      this.events.push(datagram);
    }
  }

  /** What was sent to an address since it was asked last. */
  take(to: Address): Uint8Array[] {
    const { sent } = this.inner;
    const found = sent.filter((one) => one.to === to);
    for (const one of found) sent.splice(sent.indexOf(one), 1);
    return found.map(({ bytes }) => bytes);
  }

  /** A client at a port, which has yet to shake hands. */
  async client(
    port: number,
    host?: string,
    options: Partial<ClientPeerOptions> = {},
  ): Promise<Client> {
    const { certificate } = await sharedCertificate();
    return new Client(this, udpAddress(port, host), certificate, options);
  }

  [Symbol.dispose](): void {
    this.socket[Symbol.dispose]();
  }
}

export class Client {
  /** Where it is; it may move. */
  address: Address;
  readonly peer: ClientPeer;
  readonly messages: string[] = [];
  ended = false;
  /** Datagrams that were sent, oldest first. */
  readonly sent: Uint8Array[] = [];
  readonly #harbour: Harbour;

  constructor(
    harbour: Harbour,
    address: Address,
    certificate: Awaited<ReturnType<typeof sharedCertificate>>["certificate"],
    options: Partial<ClientPeerOptions> = {},
  ) {
    this.#harbour = harbour;
    this.address = address;
    const trust = { by: "authority", authorities: [certificate] } as const;
    this.peer = new ClientPeer(
      {
        clock: harbour.clock,
        mtuBytes: 1200,
        suites: usableSuites(),
        trust,
        serverName: "server.test",
        ...options,
      },
      {
        transmit: (datagram) => this.send(datagram),
        connected: () => {},
        received: (bytes) => void this.messages.push(new TextDecoder().decode(bytes)),
        ended: () => void (this.ended = true),
      },
    );
  }

  send(datagram: Uint8Array): void {
    this.sent.push(datagram);
    this.#harbour.inner.arrive({ from: this.address, bytes: datagram });
  }

  say(text: string): void {
    this.send(this.peer.seal(new TextEncoder().encode(text))!);
  }

  /** What was sent to it since it was asked last. */
  take(): Uint8Array[] {
    return this.#harbour.take(this.address);
  }

  /** Lets both ends say what they have to say. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      await settled();
      for (const datagram of this.take()) this.peer.receive(datagram);
    }
  }

  async shakeHands(): Promise<void> {
    this.peer.start();
    await this.settle();
  }
}
