/** A UDP forwarder for one client that loses and delays datagrams, each way alike, by its seed. */

import { seeded } from "./seeded.ts";

/** What it does on the way, each way alike. */
export interface LossyForwarderOptions {
  /** From 0 to 1. */
  readonly loss: number;
  /** One way. */
  readonly delayMs: number;
  readonly seed: number;
  /** Told of each datagram that is at the socket of this end. */
  readonly onArrival?: (end: "client" | "server", bytes: Uint8Array) => void;
}

interface Held {
  readonly atMs: number;
  readonly bytes: Uint8Array;
  readonly out: Deno.DatagramConn;
  readonly to: Deno.Addr;
}

/** Listens on a port of loopback and forwards to another. */
export class LossyForwarder implements AsyncDisposable {
  readonly port: number;
  /** While set, nothing gets through. */
  isDead = false;
  /** Nothing larger gets through. */
  maxBytes = Infinity;
  readonly #options: LossyForwarderOptions;
  readonly #random: () => number;
  readonly #front = openSocket();
  readonly #back = openSocket();
  readonly #pumps: readonly Promise<void>[];
  /** In the order in which they leave, as all are held equally long. */
  #held: Held[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #client: Deno.Addr | undefined;
  #closed = false;

  constructor(upstreamPort: number, options: LossyForwarderOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
    this.port = (this.#front.addr as Deno.NetAddr).port;
    const upstream: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: upstreamPort };
    this.#pumps = [
      this.#pump(this.#front, (from) => {
        this.#client = from;
        return [this.#back, upstream];
      }),
      this.#pump(this.#back, () => [this.#front, this.#client!]),
    ];
  }

  async #pump(
    from: Deno.DatagramConn,
    route: (sender: Deno.Addr) => readonly [Deno.DatagramConn, Deno.Addr],
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    while (!this.#closed) {
      try {
        const [bytes, sender] = await from.receive(buffer);
        const [out, to] = route(sender);
        if (this.isDead || this.#random() < this.#options.loss) continue;
        if (bytes.length > this.maxBytes) continue;
        const atMs = performance.now() + this.#options.delayMs;
        this.#held.push({ atMs, bytes: bytes.slice(), out, to });
        this.#timer ??= setTimeout(this.#release, this.#options.delayMs);
      } catch (error) {
        if (!this.#closed) throw error;
      }
    }
  }

  readonly #release = (): void => {
    this.#timer = undefined;
    const now = performance.now();
    let count = 0;
    for (const { atMs, bytes, out, to } of this.#held) {
      if (atMs > now) break;
      count++;
      const end = out === this.#front ? "client" : "server";
      out.send(bytes, to).then(() => this.#options.onArrival?.(end, bytes), () => {});
    }
    this.#held.splice(0, count);
    const next = this.#held[0];
    if (next !== undefined) this.#timer = setTimeout(this.#release, Math.max(0, next.atMs - now));
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#held = [];
    this.#front.close();
    this.#back.close();
    await Promise.all(this.#pumps);
  }
}

function openSocket(): Deno.DatagramConn {
  return Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
}
