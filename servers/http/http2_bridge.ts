// HTTP/2 (RFC 9113) on connections of our own: their bytes are carried, within this process, to a
// Deno.serve that listens on loopback. It believes only the connections that were dialled here, and
// the port of each tells whose requests it brings. node:http2 would need no bridge, but on Deno 2.9.6
// it does not free memory that a hostile peer makes it allocate.

import type { Address } from "../../core/addresses/address.ts";
import type { Connection } from "../../core/connection.ts";
import type { RequestInfo } from "../../core/http/app.ts";
import type { Identity, SessionOrigin } from "../../core/session.ts";
import type { Drainable } from "../../core/sessions/life.ts";
import { DenoConnection } from "../../core/streams/deno_connection.ts";
import type { Deadlines, Phase, Timed } from "./deadlines.ts";
import { DenoRequests } from "./deno_requests.ts";
import type { HttpSite } from "./site.ts";

const LOOPBACK = "127.0.0.1";

const BUFFER_BYTES = 64 * 1024;

/** Stands for the connection in the ledger. */
interface Outer extends SessionOrigin {
  handOver(successor: Drainable): void;
  received(bytes: number): void;
  sent(bytes: number): void;
  close(reason?: string): void;
}

type Inner = Deno.HttpServer<Deno.NetAddr>;

export class Http2Bridge implements Disposable {
  readonly #site: HttpSite;
  readonly #scheme: "http" | "https";
  readonly #deadlines: Deadlines;
  /** By the port of the carrying connection. */
  readonly #carried = new Map<number, Carried>();
  #inner: Inner | undefined;

  constructor(site: HttpSite, scheme: "http" | "https", deadlines: Deadlines) {
    this.#site = site;
    this.#scheme = scheme;
    this.#deadlines = deadlines;
  }

  /** Serves a connection from the preface of HTTP/2 on, to its end. */
  async serve(outer: Connection, begun: Uint8Array, owner: Outer): Promise<void> {
    const { port } = this.#server().addr;
    const conn = await Deno.connect({ hostname: LOOPBACK, port });
    conn.setNoDelay(true);
    const near = new DenoConnection(conn);
    const carried = new Carried(
      outer,
      owner,
      near,
      this.#site,
      this.#deadlines,
      () => this.#shutDown(),
    );
    const key = conn.localAddr.port;
    this.#carried.set(key, carried);
    owner.handOver(carried);
    try {
      await near.write(begun);
      await carried.run();
    } finally {
      this.#carried.delete(key);
      carried.close();
    }
  }

  [Symbol.dispose](): void {
    const inner = this.#inner;
    if (inner === undefined) return;
    const { sessions } = this.#site.ledger;
    const closing: Drainable = { drain: () => this.#shutDown(), close() {} };
    // The server has ended when its inner one has.
    sessions.add(closing);
    inner.finished.catch(() => {}).then(() => sessions.delete(closing));
    closing.drain();
  }

  /** Lets the clients of all connections know that no further requests are served. */
  #shutDown(): void {
    this.#inner?.shutdown().catch(() => {});
  }

  #server(): Inner {
    if (this.#inner !== undefined) return this.#inner;
    const inner = Deno.serve({
      hostname: LOOPBACK,
      port: 0,
      automaticCompression: false,
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
      handler: (request, deno) => {
        // Any program on this machine can connect to the port, and be bound to a port of ours on
        // another address of loopback.
        const { hostname, port } = deno.remoteAddr;
        const carried = hostname === LOOPBACK ? this.#carried.get(port) : undefined;
        if (carried === undefined) return new Response(null, { status: 403 });
        const url = this.#scheme === "http" ? request.url : request.url.replace(/^http:/, "https:");
        return carried.answer(request, url, deno);
      },
    });
    this.#inner = inner;
    // Out of descriptors it breaks, and the next connection makes another.
    inner.finished.catch(() => {}).then(() => {
      if (this.#inner === inner) this.#inner = undefined;
    });
    return inner;
  }
}

/** One connection of HTTP/2, and the one that carries it. */
class Carried implements Drainable, Timed {
  #phase: Phase = "head";
  moved = true;
  sinceMs = 0;
  readonly #outer: Connection;
  readonly #owner: Outer;
  readonly #near: DenoConnection;
  readonly #site: HttpSite;
  readonly #deadlines: Deadlines;
  readonly #requests: DenoRequests;
  readonly #shutDown: () => void;
  readonly #writing: Timed = {
    phase: "none",
    moved: false,
    sinceMs: 0,
    expire: (phase) => this.expire(phase),
  };
  #closed = false;

  constructor(
    outer: Connection,
    owner: Outer,
    near: DenoConnection,
    site: HttpSite,
    deadlines: Deadlines,
    shutDown: () => void,
  ) {
    this.#outer = outer;
    this.#owner = owner;
    this.#near = near;
    this.#site = site;
    this.#deadlines = deadlines;
    this.#shutDown = shutDown;
    this.#requests = new DenoRequests(site, () => this.#changed());
  }

  get phase(): Phase {
    return this.#requests.awaitsPeer ? "write" : this.#phase;
  }

  set phase(phase: Phase) {
    this.#phase = phase;
  }

  answer(
    request: Request,
    url: string,
    deno: Deno.ServeHandlerInfo,
  ): Response | Promise<Response> {
    const info = new Http2Info(this.#owner, this.#outer.identity, request);
    return this.#requests.answer({ request, url, deno, info, madeUpAuthority: null });
  }

  /** Carries bytes both ways until either side ends. */
  async run(): Promise<void> {
    this.#deadlines.add(this);
    this.#deadlines.add(this.#writing);
    try {
      const owner = this.#owner;
      const inward = copy(this.#outer, this.#near, (bytes) => owner.received(bytes))
        .catch(() => this.close());
      await copy(this.#near, this.#outer, (bytes) => owner.sent(bytes), this.#writing, this)
        .catch(() => this.close());
      this.close();
      await inward;
    } finally {
      this.#deadlines.delete(this);
      this.#deadlines.delete(this.#writing);
    }
  }

  drain(): void {
    this.#requests.drain();
    // After `drain` the caller may call `close` in the same turn.
    queueMicrotask(() => {
      if (this.phase === "head") this.close();
      else this.#shutDown();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#requests.close();
    this.#near[Symbol.dispose]();
    this.#outer[Symbol.dispose]();
  }

  expire(phase: Phase): void {
    const { ledger } = this.#site;
    if (phase === "head") ledger.counters.timedOut++;
    else ledger.closeIdle(this, () => {});
    this.#owner.close(phase === "head" ? "its request took too long" : "idle");
  }

  #changed(): void {
    this.phase = this.#requests.open > 0 ? "none" : "rest";
    this.moved = true;
  }
}

class Http2Info implements RequestInfo {
  readonly httpVersion = "2";
  readonly peer: Address;
  readonly serverUrl: string;
  readonly sessionId: number;
  readonly #request: Request;

  constructor(
    { peer, serverUrl, sessionId }: SessionOrigin,
    readonly identity: Identity | undefined,
    request: Request,
  ) {
    this.peer = peer;
    this.serverUrl = serverUrl;
    this.sessionId = sessionId;
    this.#request = request;
  }

  /** Few want it, and making it costs as much as many an answer. */
  get headerList(): readonly (readonly [name: string, value: string])[] {
    return [...this.#request.headers];
  }
}

/** Copies to the end of the stream, and ends the other one. */
async function copy(
  from: Connection,
  to: Connection,
  passed: (bytes: number) => void,
  writing?: Timed,
  whole?: Timed,
): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return await to.closeWrite();
    if (writing !== undefined && whole !== undefined) {
      writing.phase = "write";
      writing.moved = whole.moved = true;
    }
    passed(count);
    await to.write(buffer.subarray(0, count));
    if (writing !== undefined) writing.phase = "none";
  }
}
