/**
 * Sockets that are nothing but memory: a stream whose chunks arrive as they were written, a listener
 * that is offered connections, a datagram socket that is told what arrives. Nothing here waits for
 * anything but promises, so a test on them is the same each time.
 */

import type { Address } from "../core/addresses/address.ts";
import type { Acceptor, Connection, Datagram, DatagramSocket } from "../core/connection.ts";
import type { Emit, ServerEvent, Tell } from "../core/event.ts";
import { telling } from "../core/event_stamp.ts";
import type { Context } from "../core/protocol.ts";
import type { Identity } from "../core/session.ts";

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A TCP address on loopback. */
export function tcpAddress(port: number, hostname = "127.0.0.1"): Address {
  return { transport: "tcp", hostname, port };
}

/** A UDP address. */
export function udpAddress(port: number, hostname = "127.0.0.1"): Address {
  return { transport: "udp", hostname, port };
}

/** One direction of a stream. */
class Pipe {
  readonly #chunks: Uint8Array[] = [];
  #ended = false;
  #readFailure: Error | undefined;
  #writeFailure: Error | undefined;
  #changed = Promise.withResolvers<void>();
  /** How many bytes a write may leave unread before it waits. */
  capacityBytes = Infinity;

  get unreadBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#writeFailure !== undefined) throw this.#writeFailure;
    if (bytes.length > 0) this.#chunks.push(bytes.slice());
    this.#change();
    while (this.unreadBytes > this.capacityBytes) {
      await this.#changed.promise;
      if (this.#writeFailure !== undefined) throw this.#writeFailure;
    }
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#readFailure !== undefined) throw this.#readFailure;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        const count = Math.min(chunk.length, into.length);
        into.set(chunk.subarray(0, count));
        if (count < chunk.length) this.#chunks.unshift(chunk.subarray(count));
        this.#change();
        return count;
      }
      if (this.#ended) return null;
      await this.#changed.promise;
    }
  }

  end(): void {
    this.#ended = true;
    this.#change();
  }

  failReads(failure: Error): void {
    this.#readFailure ??= failure;
    this.#change();
  }

  failWrites(failure: Error): void {
    this.#writeFailure ??= failure;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** One end of a stream in memory. */
export class MemoryConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  identity: Identity | undefined;
  ready?: (signal: AbortSignal) => Promise<void>;
  disposed = false;
  readonly #input: Pipe;
  readonly #output: Pipe;

  constructor(local: Address, remote: Address, input: Pipe, output: Pipe) {
    this.local = local;
    this.remote = remote;
    this.#input = input;
    this.#output = output;
  }

  /** How many bytes the other end may leave unread before a write here waits. */
  set capacityBytes(bytes: number) {
    this.#output.capacityBytes = bytes;
  }

  /** Bytes that arrived and were not read. */
  get unreadBytes(): number {
    return this.#input.unreadBytes;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#input.read(into);
  }

  write(all: Uint8Array): Promise<void> {
    return this.#output.write(all);
  }

  closeWrite(): Promise<void> {
    this.#output.end();
    return Promise.resolve();
  }

  /** Ends the connection as a reset does: what was in flight is lost. */
  reset(): void {
    this.disposed = true;
    this.#output.failReads(new Deno.errors.ConnectionReset("connection reset by peer"));
    this.#input.failReads(new Deno.errors.Interrupted("operation canceled"));
    this.#input.failWrites(new Deno.errors.BrokenPipe("broken pipe"));
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    this.#output.end();
    this.#output.failWrites(new Deno.errors.Interrupted("operation canceled"));
    this.#input.failReads(new Deno.errors.Interrupted("operation canceled"));
    this.#input.failWrites(new Deno.errors.BrokenPipe("broken pipe"));
  }

  /** Everything the other end sends, until it ends its half. */
  async readAll(): Promise<string> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(1 << 16);
    let text = "";
    for (;;) {
      const count = await this.read(buffer);
      if (count === null) return text + decoder.decode();
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  }

  /** What one read returns, as text; null at the end. */
  async readText(): Promise<string | null> {
    const buffer = new Uint8Array(1 << 16);
    const count = await this.read(buffer);
    return count === null ? null : new TextDecoder().decode(buffer.subarray(0, count));
  }
}

/** Both ends of a stream. */
export function connectionPair(
  { client = tcpAddress(50_000), server = tcpAddress(9) }: {
    readonly client?: Address;
    readonly server?: Address;
  } = {},
): { readonly client: MemoryConnection; readonly server: MemoryConnection } {
  const [there, back] = [new Pipe(), new Pipe()];
  return {
    client: new MemoryConnection(client, server, back, there),
    server: new MemoryConnection(server, client, there, back),
  };
}

/** A listener that accepts what a test offers it. */
export class MemoryAcceptor implements Acceptor {
  readonly address = tcpAddress(9);
  /** How often a connection was asked for. */
  asked = 0;
  disposed = false;
  readonly #offers: (Connection | Error)[] = [];
  #wake: (() => void) | undefined;

  /** The next `accept` resolves to this connection or rejects with this error. */
  offer(offer: Connection | Error): void {
    this.#offers.push(offer);
    this.#wake?.();
  }

  /** Offers one end of a new connection and returns the other. */
  dial(client: Address = tcpAddress(50_000)): MemoryConnection {
    const pair = connectionPair({ client, server: this.address });
    this.offer(pair.server);
    return pair.client;
  }

  async accept(): Promise<Connection | null> {
    this.asked++;
    for (;;) {
      if (this.disposed) return null;
      const offer = this.#offers.shift();
      if (offer instanceof Error) throw offer;
      if (offer !== undefined) return offer;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  [Symbol.dispose](): void {
    this.disposed = true;
    this.#wake?.();
  }
}

/** A datagram socket to which a test is the network. */
export class MemoryDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly maxBytes: number;
  /** Everything that was sent, oldest first. */
  readonly sent: { readonly to: Address; readonly bytes: Uint8Array }[] = [];
  /** Whom `end` was called for. */
  readonly ended: Address[] = [];
  disposed = false;
  /** Where set, what a send waits for. */
  sending: Promise<void> | undefined;
  readonly #arrivals: (Datagram | Error)[] = [];
  readonly #buffer = new Uint8Array(65_536);
  #wake: (() => void) | undefined;

  constructor(address: Address = udpAddress(9999), maxBytes = 65_507) {
    this.address = address;
    this.maxBytes = maxBytes;
  }

  /** The texts that were sent, oldest first. */
  get sentTexts(): string[] {
    return this.sent.map(({ bytes }) => new TextDecoder().decode(bytes));
  }

  /** How many arrivals were not received yet. */
  get unreceived(): number {
    return this.#arrivals.length;
  }

  /** A datagram arrives, or the end of a peer's session, or receiving fails. */
  arrive(arrival: Datagram | Error): void {
    this.#arrivals.push(arrival);
    this.#wake?.();
  }

  /** Datagrams arrive from one peer. */
  arriveFrom(from: Address, ...messages: (string | Uint8Array)[]): void {
    for (const message of messages) {
      this.arrive({ from, bytes: typeof message === "string" ? utf8(message) : message });
    }
  }

  async receive(): Promise<Datagram | null> {
    for (;;) {
      if (this.disposed) return null;
      const arrival = this.#arrivals.shift();
      if (arrival instanceof Error) throw arrival;
      if (arrival !== undefined) {
        if (!("bytes" in arrival)) return arrival;
        // With flow control, the reader's own.
        if ("consumed" in this) return { ...arrival, bytes: arrival.bytes.slice() };
        // Like a real one: valid until the next call.
        this.#buffer.fill(0xee);
        this.#buffer.set(arrival.bytes);
        return { ...arrival, bytes: this.#buffer.subarray(0, arrival.bytes.length) };
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async send(bytes: Uint8Array, to: Address): Promise<void> {
    await this.sending;
    if (!this.disposed) this.sent.push({ to, bytes: bytes.slice() });
  }

  end(to: Address): Promise<void> {
    this.ended.push(to);
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.disposed = true;
    this.#wake?.();
  }
}

/** The events of a name. */
export type EventNamed<Name extends ServerEvent["event"], Event = ServerEvent> = Event extends
  { readonly event: infer Names } ? Name extends Names ? Event : never : never;

/** Remembers events. */
export class EventLog {
  readonly events: ServerEvent[] = [];
  readonly #passed = new Set<ServerEvent>();
  #changed = Promise.withResolvers<void>();

  readonly emit: Emit = (event) => {
    this.events.push(event);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  };

  /** The same with a stamp, as layers and protocols tell events. */
  readonly tell: Tell = telling(this.emit, "test://here", () => 0)!;

  /** All events so far, without what differs from run to run. */
  get happened(): Readonly<Record<string, unknown>>[] {
    return this.events.map((event) => {
      const { time: _time, session: _session, durationMs: _durationMs, ...rest } = event as
        & ServerEvent
        & { readonly session?: number; readonly durationMs?: number };
      return rest;
    });
  }

  /** Those of one name, so far. */
  only<Name extends ServerEvent["event"]>(name: Name): EventNamed<Name>[] {
    return this.events.filter(({ event }) => event === name) as EventNamed<Name>[];
  }

  /** Waits for the next of a name: each event is returned once. */
  async next<Name extends ServerEvent["event"]>(name: Name): Promise<EventNamed<Name>> {
    for (;;) {
      const found = this.only(name).find((event) => !this.#passed.has(event));
      if (found !== undefined) {
        this.#passed.add(found);
        return found;
      }
      await this.#changed.promise;
    }
  }
}

/** A world in which it is always the same moment and chance always says the same. */
export function stillContext(overrides: Partial<Context> = {}): Context {
  return {
    signal: new AbortController().signal,
    emit: () => {},
    now: () => 0,
    random: () => 0,
    dial: (url) => Promise.reject(new Error(`nobody dials ${url} here`)),
    checkDial: () => Promise.resolve(),
    stop: () => {},
    ...overrides,
  };
}
