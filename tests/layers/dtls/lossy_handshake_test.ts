/** Handshakes over sockets in memory that lose, repeat and reorder, on a clock of their own. */

import { assert, assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import type { Datagram, DatagramSocket } from "../../../core/connection.ts";
import { DatagramQueue } from "../../../layers/peers/datagram_queue.ts";
import { DtlsDialSocket } from "../../../layers/dtls/dial_socket.ts";
import { DtlsListenSocket } from "../../../layers/dtls/listen_socket.ts";
import { usableSuites } from "../../../layers/dtls/crypto/suites.ts";
import { settled } from "../../fake_time.ts";
import { udpAddress } from "../../memory.ts";
import { seeded } from "../../seeded.ts";
import { type KeyName, type Made, make, NOW } from "./made_certificates.ts";
import { VirtualClock } from "../virtual_clock.ts";

const LOSS = 0.2;
const DUPLICATION = 0.1;
const LEAST_DELAY_MS = 5;
/** Two datagrams sent at once arrive in any order. */
const JITTER_MS = 60;

/** Sockets that reach each other by port. */
class LossyNetwork {
  readonly #sockets = new Map<number, DatagramQueue>();
  readonly #random: () => number;
  readonly #clock: VirtualClock;

  constructor(seed: number, clock: VirtualClock) {
    this.#random = seeded(seed);
    this.#clock = clock;
  }

  bind(port: number): DatagramSocket {
    const queue = new DatagramQueue();
    this.#sockets.set(port, queue);
    const address = udpAddress(port);
    return {
      address,
      maxBytes: 65_507,
      send: (bytes, to) => {
        this.#carry(bytes.slice(), address, "port" in to ? to.port : 0);
        return Promise.resolve();
      },
      end: () => Promise.resolve(),
      receive: (): Promise<Datagram | null> => queue.next(),
      [Symbol.dispose]: () => queue.close(),
    };
  }

  #carry(bytes: Uint8Array, from: Address, to: number): void {
    const copies = this.#random() < DUPLICATION ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random() < LOSS) continue;
      const delayMs = LEAST_DELAY_MS + this.#random() * JITTER_MS;
      this.#clock.after(delayMs, () => this.#sockets.get(to)?.push({ from, bytes }));
    }
  }
}

/** One handshake and one echo, in virtual milliseconds. */
async function shakeHands(seed: number, certificate: Made): Promise<number> {
  const clock = new VirtualClock(NOW);
  const network = new LossyNetwork(seed, clock);
  const common = {
    clock,
    mtuBytes: 512,
    suites: usableSuites(),
  };
  const trust = { by: "authority", authorities: [certificate.certificate] } as const;
  using server = new DtlsListenSocket(network.bind(1), {
    ...common,
    credentials: [certificate.credentials],
    clientTrust: trust,
    maxPeers: 10,
    maxHandshakes: 10,
    handshakeTimeoutMs: 1_000_000,
    peerTimeoutMs: Infinity,
  });
  const to = server.address;
  using client = new DtlsDialSocket(network.bind(2), to, {
    ...common,
    credentials: certificate.credentials,
    trust,
    serverName: "server.test",
  });
  let done = false;
  const connected = client.connect(to, new AbortController().signal).finally(() => done = true);
  connected.catch(() => {});
  while (!done && clock.elapsedMs() < 200_000) {
    await settled();
    // With nothing under way and no reader waiting it would never end.
    if (!done && !clock.step()) break;
  }
  assert(done, `seed ${seed} never came to an end`);
  await connected;
  return clock.elapsedMs();
}

for (const key of ["P-256", "RSA"] as readonly KeyName[]) {
  Deno.test(`100 seeded handshakes with ${key}, both certified, survive loss, repetition and disorder`, async () => {
    const authority = await make({ key, names: ["server.test"] });
    const times: number[] = [];
    for (let seed = 1; seed <= 100; seed++) times.push(await shakeHands(seed, authority));
    assertEquals(times.length, 100);
    const longest = Math.max(...times);
    assert(longest <= 120_000, `the longest took ${longest} ms`);
    assert(longest > 1000, "some had to send again");
  });
}
