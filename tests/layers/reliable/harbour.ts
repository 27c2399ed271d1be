/** A listening socket of the layer reliable and its clients, on a network in memory. */

import { type Address, sameAddress } from "../../../core/addresses/address.ts";
import type { Datagram } from "../../../core/connection.ts";
import { type Counters, createCounters } from "../../../core/counters.ts";
import { resolveOptions } from "../../../core/options/option.ts";
import type { Identity } from "../../../core/session.ts";
import { ReliableDialSocket } from "../../../layers/reliable/dial_socket.ts";
import { ReliableListenSocket } from "../../../layers/reliable/listen_socket.ts";
import { reliableOptions } from "../../../layers/reliable/options.ts";
import { settled } from "../../fake_time.ts";
import { MemoryDatagramSocket, udpAddress } from "../../memory.ts";
import { seeded } from "../../seeded.ts";
import { VirtualClock } from "../virtual_clock.ts";

export const SERVER: Address = udpAddress(1, "192.0.2.1");

/** A listening socket and its clients, on a network in memory that a test pumps. */
export class Harbour implements Disposable {
  readonly clock: VirtualClock = new VirtualClock(0);
  readonly inner: MemoryDatagramSocket = new MemoryDatagramSocket(SERVER);
  readonly counters: Counters = createCounters();
  readonly socket: ReliableListenSocket;
  readonly events: Datagram[] = [];
  readonly clients: Client[] = [];
  /** The identity that the network gives a sender. */
  readonly identities: Map<Address, Identity> = new Map();

  /** Whether the network loses a datagram. */
  loses: () => boolean = () => false;
  /** When clients give up. */
  clientTimeoutMs = 5000;
  /** What the reader of the socket waits for before it reads on. */
  pause: Promise<void> | undefined;
  /** Sees each datagram on its way to the socket, before it arrives. */
  watch: ((from: Address, bytes: Uint8Array) => void) | undefined;
  /** Sees each datagram that the socket sends. */
  watchSent: ((to: Address, bytes: Uint8Array) => void) | undefined;

  constructor(
    { maxPeers = 10, timeoutMs = 5000, hostPeers, moves }: {
      readonly maxPeers?: number;
      readonly timeoutMs?: number;
      readonly hostPeers?: number;
      readonly moves?: number;
    } = {},
  ) {
    this.socket = new ReliableListenSocket(this.inner, {
      chosen: resolveOptions(reliableOptions, {
        reliableTimeoutMs: timeoutMs,
        ...(hostPeers !== undefined && { reliableHostPeers: hostPeers }),
        ...(moves !== undefined && { reliableMoves: moves }),
      }),
      context: { clock: this.clock, random: seeded(1) },
      work: {
        counters: this.counters,
        limits: {
          maxMessageBytes: 100_000,
          maxPeers,
          peerTimeoutMs: 60_000,
          inboxMessages: 100,
          inboxBytes: 1 << 20,
        },
      },
    });
    void this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      await this.pause;
      const datagram = await this.socket.receive();
      if (datagram === null) return;
      this.events.push(
        "bytes" in datagram ? { ...datagram, bytes: datagram.bytes.slice() } : datagram,
      );
    }
  }

  get texts(): string[] {
    return this.events.flatMap((event) =>
      "bytes" in event ? [new TextDecoder().decode(event.bytes)] : []
    );
  }

  client(port: number, host = "192.0.2.9"): Client {
    const client = new Client(this, udpAddress(port, host));
    this.clients.push(client);
    return client;
  }

  /** Lets datagrams and time pass. */
  async run(ms = 0): Promise<void> {
    const end = this.clock.elapsedMs() + ms;
    for (;;) {
      await settled();
      if (this.#carry()) continue;
      if (this.clock.elapsedMs() >= end) return;
      this.clock.step(end - this.clock.elapsedMs());
    }
  }

  #carry(): boolean {
    let moved = false;
    for (const { to, bytes } of this.inner.sent.splice(0)) {
      moved = true;
      this.watchSent?.(to, bytes);
      if (this.loses()) continue;
      const client = this.clients.find(({ address }) => sameAddress(address, to));
      client?.inner.arrive({ from: SERVER, bytes });
    }
    for (const { address, inner } of this.clients) {
      const identity = this.identities.get(address);
      for (const { bytes } of inner.sent.splice(0)) {
        moved = true;
        if (this.loses()) continue;
        this.watch?.(address, bytes);
        this.inner.arrive({ from: address, bytes, ...(identity && { identity }) });
      }
    }
    return moved;
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.clients) socket[Symbol.dispose]();
    this.socket[Symbol.dispose]();
  }
}

/** A dialling socket behind an address. */
export class Client {
  readonly inner: MemoryDatagramSocket;
  readonly socket: ReliableDialSocket;
  /** What the network shows of it, and where it is reached. */
  address: Address;
  readonly counters: Counters = createCounters();
  readonly #harbour: Harbour;

  constructor(harbour: Harbour, address: Address) {
    this.address = address;
    this.#harbour = harbour;
    this.inner = new MemoryDatagramSocket(address);
    this.socket = new ReliableDialSocket(this.inner, SERVER, {
      chosen: resolveOptions(reliableOptions, { reliableTimeoutMs: harbour.clientTimeoutMs }),
      context: { clock: harbour.clock, random: seeded(2) },
      work: {
        counters: this.counters,
        limits: {
          maxMessageBytes: 100_000,
          maxPeers: 1,
          peerTimeoutMs: Infinity,
          inboxMessages: 100,
          inboxBytes: 1 << 20,
        },
      },
    });
  }

  async connect(): Promise<void> {
    const connecting = this.socket.connect(SERVER, new AbortController().signal);
    await this.#harbour.run();
    await connecting;
  }
}
