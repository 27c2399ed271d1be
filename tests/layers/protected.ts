/** Both ends of `sealed` or `signed` in memory, with a test as the network between them. */

import type { Address } from "../../core/addresses/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { DatagramSocket } from "../../core/connection.ts";
import { type Counters, createCounters } from "../../core/counters.ts";
import type { Layer, OpenedLayer } from "../../core/layer.ts";
import { makeKey } from "../../core/keys/make.ts";
import { resolveOptions } from "../../core/options/option.ts";
import type { Identity } from "../../core/session.ts";
import { sealed } from "../../layers/sealed.ts";
import { signed } from "../../layers/signed.ts";
import { settled } from "../fake_time.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A clock that a test sets. */
export class SetClock implements Clock {
  ms: number;

  constructor(ms = Date.UTC(2026, 5, 1)) {
    this.ms = ms;
  }

  now(): number {
    return this.ms;
  }

  elapsedMs(): number {
    return this.ms;
  }

  after(): () => void {
    throw new Error("Nothing here sets a timer");
  }
}

type Options = Readonly<Record<string, unknown>>;

/** How one of the layers is used, with keys of its own. */
export interface Protection {
  readonly name: string;
  readonly layer: Layer;
  /** Whether the datagrams are Fernet tokens. */
  readonly isFernet: boolean;
  /** The option of the largest table. */
  readonly tableOption: string;
  /** Options of either side, of a client that the server does not know, and of a second client that
   * it does know. */
  readonly server: Options;
  readonly client: Options;
  readonly stranger: Options;
  readonly other: Options;
  /** What the server calls the two clients. */
  readonly names: readonly [client: string, other: string];
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

/** All ways to protect datagrams, with fresh keys in a folder. */
export async function protections(folder: string): Promise<Protection[]> {
  const ways: Protection[] = [];
  for (const kind of ["aes-gcm", "chacha20", "fernet"] as const) {
    const key = (name: string) => makeKey(kind, { name }).text;
    const [alice, bob, eve] = [key("alice"), key("bob"), key("eve")];
    const file = async (name: string, text: string) => ({
      sealedKey: [await written(folder, `${kind}-${name}`, text)],
    });
    ways.push({
      name: `sealed, ${kind}`,
      layer: sealed as Layer,
      isFernet: kind === "fernet",
      tableOption: kind === "fernet" ? "sealedMaxTokens" : "sealedMaxSenders",
      server: await file("server", alice + bob),
      client: await file("alice", alice),
      other: await file("bob", bob),
      stranger: await file("eve", eve),
      names: ["alice", "bob"],
    });
  }
  const hmac = (name: string) => makeKey("hmac", { name }).text;
  const [alice, bob, eve] = [hmac("alice"), hmac("bob"), hmac("eve")];
  ways.push({
    name: "signed, hmac",
    layer: signed as Layer,
    isFernet: false,
    tableOption: "signedMaxSenders",
    server: { signedSenders: await written(folder, "hmac-senders", alice + bob) },
    client: { signedKey: await written(folder, "hmac-alice", alice) },
    other: { signedKey: await written(folder, "hmac-bob", bob) },
    stranger: { signedKey: await written(folder, "hmac-eve", eve) },
    names: ["alice", "bob"],
  });
  const pairs = Object.fromEntries(
    ["server", "alice", "bob", "eve"].map((name) => [name, makeKey("ed25519", { name })]),
  );
  const server = await written(folder, "ed-server-public", `${pairs.server!.publicLine}\n`);
  const client = async (name: string) => ({
    signedKey: await written(folder, `ed-${name}`, pairs[name]!.text),
    signedSenders: server,
  });
  ways.push({
    name: "signed, ed25519",
    layer: signed as Layer,
    isFernet: false,
    tableOption: "signedMaxSenders",
    server: {
      signedKey: await written(folder, "ed-server", pairs.server!.text),
      signedSenders: await written(
        folder,
        "ed-senders",
        `${pairs.alice!.publicLine}\n${pairs.bob!.publicLine}\n`,
      ),
    },
    client: await client("alice"),
    other: await client("bob"),
    stranger: await client("eve"),
    names: ["alice", "bob"],
  });
  return ways;
}

/** Registers a test for each way to protect datagrams. */
export function protectionTest(
  name: string,
  body: (way: Protection) => Promise<void>,
  only: (way: Protection) => boolean = () => true,
): void {
  Deno.test(name, async (t) => {
    await using folder = await temporaryFolder();
    for (const way of await protections(folder.path)) {
      if (only(way)) await t.step(way.name, () => body(way));
    }
  });
}

/** What came through a layer. */
export interface Arrival {
  readonly from: Address;
  readonly text: string;
  readonly identity: Identity | undefined;
}

/** One end: a socket in memory with the layer around it, which is read all the time. */
export class End {
  readonly wire: MemoryDatagramSocket;
  readonly counters: Counters = createCounters();
  readonly arrivals: Arrival[] = [];
  readonly socket: DatagramSocket;
  /** How many of what was sent were taken from the wire. */
  #taken = 0;

  constructor(opened: OpenedLayer, role: "listen" | "dial", port: number, wireBytes = 65_507) {
    this.wire = new MemoryDatagramSocket(udpAddress(port), wireBytes);
    const limits = {
      maxMessageBytes: 1 << 20,
      maxPeers: 4096,
      peerTimeoutMs: 60_000,
      inboxMessages: 256,
      inboxBytes: 1 << 26,
    };
    const side = role === "listen" ? { role } as const : { role, to: udpAddress(1) } as const;
    this.socket = opened.datagram!(this.wire, side, { counters: this.counters, limits });
    void this.#read();
  }

  async #read(): Promise<void> {
    for (;;) {
      const datagram = await this.socket.receive();
      if (datagram === null) return;
      if (!("bytes" in datagram)) continue;
      const { from, bytes, identity } = datagram;
      this.arrivals.push({ from, text: new TextDecoder().decode(bytes), identity });
    }
  }

  get address(): Address {
    return this.wire.address;
  }

  /** The texts that came through. */
  get texts(): string[] {
    return this.arrivals.map(({ text }) => text);
  }

  /** Sends, and takes what that puts on the wire. */
  async seal(message: string | Uint8Array, to: Address): Promise<Uint8Array> {
    await this.socket.send(typeof message === "string" ? utf8(message) : message, to);
    const [datagram] = this.takeSent();
    if (datagram === undefined) throw new Error("Nothing was sent");
    return datagram;
  }

  /** What was put on the wire since this was asked for last. */
  takeSent(): Uint8Array[] {
    const datagrams = this.wire.sent.slice(this.#taken).map(({ bytes }) => bytes);
    this.#taken = this.wire.sent.length;
    return datagrams;
  }

  /** Lets datagrams arrive, and waits until the layer has dealt with them. */
  async hear(from: Address, ...datagrams: Uint8Array[]): Promise<void> {
    for (const datagram of datagrams) {
      this.wire.arriveFrom(from, datagram);
      await settled();
    }
  }

  /** What was counted, without what is zero. */
  get dropped(): Partial<Counters> {
    return Object.fromEntries(Object.entries(this.counters).filter(([, count]) => count > 0));
  }
}

/** Opens a layer with some of its options. */
export async function openLayer(
  { layer }: Pick<Protection, "layer">,
  options: Options,
  clock: Clock = new SetClock(),
): Promise<OpenedLayer> {
  const context = { clock, random: () => 0, emit: undefined };
  return await layer.open(resolveOptions(layer.options, options), context);
}

/** A server and a client of one way, their clocks and their addresses. */
export async function ends(
  way: Protection,
  { server = {}, client = way.client, wireBytes }: {
    /** On top of those of the way. */
    readonly server?: Options;
    readonly client?: Options;
    readonly wireBytes?: number;
  } = {},
) {
  const clocks = { server: new SetClock(), client: new SetClock() };
  const opened = await openLayer(way, { ...way.server, ...server }, clocks.server);
  const ours = await openLayer(way, client, clocks.client);
  return {
    clocks,
    server: new End(opened, "listen", 9999, wireBytes),
    client: new End(ours, "dial", 5001, wireBytes),
    /** The server once more, as after a restart. */
    restarted: async () =>
      new End(
        await openLayer(way, { ...way.server, ...server }, clocks.server),
        "listen",
        9999,
      ),
  };
}

/** A further client. */
export async function dialled(
  way: Protection,
  options: Options,
  port: number,
  clock: Clock = new SetClock(),
): Promise<End> {
  return new End(await openLayer(way, options, clock), "dial", port);
}
