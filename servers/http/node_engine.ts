// HTTP/1.1 on node:http, over any connection of ours. Deno's engine is many times faster, but
// supports only Deno's own connections and no upgrades, and does not tell how the header fields
// were written.
//
// HTTP/2, recognized by its first bytes (RFC 9113 3.4) with and without TLS, is passed on to Deno's
// engine. The timeouts of node:http are off: they work only with its own sockets and its own
// listener.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { STATUS_TEXT } from "@std/http/status";
import type { Connection } from "../../core/connection.ts";
import { DuplexConnection } from "../../core/streams/duplex_connection.ts";
import { PrefixedConnection } from "../../core/streams/prefixed_connection.ts";
import { bridged } from "./engine_bridge.ts";
import {
  type EngineConnection,
  type EngineHandlers,
  findHttpEngine,
  type HttpEngine,
  type RequestDetails,
} from "./engine.ts";
import { headerListOf, type IncomingRequest, incomingRequest } from "./incoming_request.ts";
import { sendResponse } from "./outgoing_response.ts";
import { type Pace, PacedConnection } from "./paced_connection.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const preface = new TextEncoder().encode(PREFACE);

/** In bytes, before the answer is 431. */
const MAX_HEADER_BYTES = 64 * 1024;
/** Limit of header fields in a request, beyond which the answer is 431: the same as in Deno's
 * engine. Processing them takes time that grows with the square of their number. */
const MAX_HEADER_FIELDS = 128;

/** Limit of pipelined requests on one HTTP/1.1 connection. Beyond it reading stops, so that TCP
 * holds back a client that sends without end. */
const MAX_PIPELINED = 16;

/** Placeholder for the authority of a request without one: it cannot be a host. */
const NO_AUTHORITY = "missing.invalid";

/** Creates the engine.
 * @param scheme the scheme in the URLs of requests: `http` or `https` */
export async function nodeHttpEngine(
  scheme: "http" | "https",
): Promise<HttpEngine<Connection>> {
  const [{ Server }, { ConnectionDuplex }] = await Promise.all([
    import("node:http"),
    import("../../core/streams/connection_duplex.ts"),
  ]);
  const denoEngine = findHttpEngine();
  const owners = new WeakMap<object, NodeHttpConnection>();
  const ownerOf = (key: object | null | undefined) => owners.get(key ?? {});

  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
    // Other upgrades are ignored (RFC 9110 7.8): several clients offer HTTP/2 in this way.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) =>
      /(?:^|,)[ \t]*websocket[ \t]*(?:,|$)/i.test(headers.upgrade ?? ""),
  };
  const server: Server = new Server(options);
  // With a limit, node:http would silently drop further fields.
  server.maxHeadersCount = 0;
  // node:http closes the connections of a server that does not listen after each response.
  Object.defineProperty(server, "listening", { value: true });
  server.on("request", (incoming, outgoing) => {
    ownerOf(incoming.socket)?.answer(incoming, outgoing);
  });
  server.on("upgrade", (incoming, socket, rest) => {
    ownerOf(socket)?.upgrade(incoming, socket, rest);
  });
  server.on("connect", (_incoming, socket) => {
    ownerOf(socket)?.refuse(new Error("CONNECT is not served"), socket);
  });
  server.on("clientError", (error: Error & { code?: string }, socket) => {
    ownerOf(socket)?.refuse(error, socket);
  });

  return {
    madeUpAuthority: () => NO_AUTHORITY,
    serve(connection, handlers) {
      const served = new NodeHttpConnection(connection, handlers, scheme);
      void begin(connection, handlers, served).catch((error) => served.fail(error));
      return served;
    },
  };

  async function begin(
    connection: Connection,
    handlers: EngineHandlers,
    served: NodeHttpConnection,
  ): Promise<void> {
    const head = await firstBytes(connection);
    if (denoEngine !== null && startsWith(head, preface)) {
      const whole = new PrefixedConnection(connection, head);
      served.handOver(bridged(whole, denoEngine, handlers, scheme));
      return;
    }
    const paced = new PacedConnection(connection, head, served);
    const stream = new ConnectionDuplex(paced, { encrypted: scheme === "https" });
    served.attach(stream);
    owners.set(stream, served);
    server.emit("connection", stream);
  }
}

/** Reads as many bytes as tell the versions apart; empty when the client left. */
async function firstBytes(connection: Connection): Promise<Uint8Array> {
  const buffer = new Uint8Array(1024);
  let length = 0;
  while (length < preface.length && startsWith(preface, buffer.subarray(0, length))) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) break;
    length += count;
  }
  return buffer.subarray(0, length);
}

function startsWith(bytes: Uint8Array, beginning: Uint8Array): boolean {
  return beginning.length <= bytes.length && beginning.every((byte, at) => byte === bytes[at]);
}

/** A connection that node:http serves. */
class NodeHttpConnection implements EngineConnection, Pace {
  readonly finished: Promise<void>;
  readonly writeTimeoutMs: number;
  readonly #connection: Connection;
  readonly #handlers: EngineHandlers;
  readonly #scheme: "http" | "https";
  readonly #over = Promise.withResolvers<void>();
  #stream: Duplex | undefined;
  #successor: EngineConnection | undefined;
  #answering = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #onAnswered: () => void = () => {};
  #draining = false;
  #upgraded = false;

  constructor(connection: Connection, handlers: EngineHandlers, scheme: "http" | "https") {
    this.#connection = connection;
    this.#handlers = handlers;
    this.writeTimeoutMs = handlers.writeTimeoutMs;
    this.#scheme = scheme;
    this.finished = this.#over.promise;
  }

  /** Called with the first bytes of the connection. */
  attach(stream: Duplex): void {
    this.#stream = stream;
    stream.on("error", (error) => this.fail(error));
    stream.on("close", () => {
      if (!this.#upgraded) this.#over.resolve();
    });
  }

  handOver(successor: EngineConnection): void {
    this.#successor = successor;
    if (this.#draining) successor.drain();
    successor.finished.then(this.#over.resolve, this.#over.reject);
  }

  /** Resolves when more may be read; undefined when it may be now. */
  room(): Promise<void> | undefined {
    if (this.#answering < MAX_PIPELINED) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Resolves when no request is open. */
  async #idle(): Promise<void> {
    while (this.#answering > 0) {
      await new Promise<void>((resolve) => {
        this.#onAnswered = resolve;
      });
    }
  }

  answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#answering++;
    void this.#answer(incoming, outgoing).finally(() => {
      this.#answering--;
      this.#onAnswered();
      if (this.#answering < MAX_PIPELINED) {
        this.#room?.resolve();
        this.#room = undefined;
      }
      if (this.#draining) this.drain();
    });
  }

  /** Answers bytes that are no request. */
  refuse(error: Error & { readonly code?: string }, socket: Duplex): void {
    this.#over.reject(error);
    this.#turnAway(error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400, socket);
  }

  #turnAway(status: 400 | 431, socket: Duplex): void {
    if (!socket.writable) return void socket.destroy();
    // Further input is discarded until the connection's deadline.
    const line = `HTTP/1.1 ${status} ${STATUS_TEXT[status]}`;
    socket.end(`${line}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, rest: Uint8Array): void {
    const asked = this.#read(incoming);
    if (typeof asked === "number") {
      this.#over.reject(new Error(`a request for another protocol got ${asked}`));
      return this.#turnAway(asked, socket);
    }
    this.#upgraded = true;
    const { local, remote, identity } = this.#connection;
    const connection = new DuplexConnection(socket, { local, remote, identity });
    const { request } = asked;
    const details = detailsOf(incoming);
    // Earlier requests are answered first: else their responses would be sent in the WebSocket.
    void this.#idle().then(() => this.#handlers.upgrade({ request, details, connection, rest }))
      .then(this.#over.resolve, this.#over.reject).finally(() => socket.destroy());
  }

  fail(error: unknown): void {
    this.#over.reject(error);
    this.#connection[Symbol.dispose]();
  }

  drain(): void {
    this.#draining = true;
    if (this.#successor !== undefined) this.#successor.drain();
    else if (this.#answering === 0) this.#stream?.end(() => this.#stream?.destroy());
  }

  close(): void {
    this.#successor?.close();
    this.#stream?.destroy();
    this.#connection[Symbol.dispose]();
    this.#over.resolve();
  }

  /** Never rejects: an error aborts this one response. */
  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const completed = Promise.withResolvers<void>();
    completed.promise.catch(() => {});
    const asked = this.#read(incoming);
    if (typeof asked === "number") {
      outgoing.sendDate = false;
      outgoing.statusCode = asked;
      outgoing.setHeader("connection", "close");
      outgoing.end();
      return;
    }
    const { request, abandon } = asked;
    outgoing.once("close", () => {
      if (outgoing.writableFinished) return completed.resolve();
      completed.reject(new Error("the peer left"));
      abandon();
    });
    try {
      const info = { completed: completed.promise, details: detailsOf(incoming) };
      let response: Response;
      try {
        response = await this.#handlers.handleDetailed(request, info);
      } catch (error) {
        response = this.#handlers.recover(error);
      }
      await sendResponse(response, outgoing, { bodiless: incoming.method === "HEAD" });
    } catch {
      outgoing.destroy();
    }
    await completed.promise.catch(() => {});
  }

  /** Converts the request, or returns the status for an invalid one. */
  #read(incoming: IncomingMessage): IncomingRequest | 400 | 431 {
    if (incoming.rawHeaders.length > MAX_HEADER_FIELDS * 2) return 431;
    try {
      return incomingRequest(incoming, this.#origin(incoming));
    } catch {
      return 400;
    }
  }

  #origin({ headers }: IncomingMessage): string {
    const origin = `${this.#scheme}://${headers.host}`;
    // A malformed Host is refused by the host guard, which reads the header itself.
    return headers.host !== undefined && URL.canParse(origin)
      ? origin
      : `${this.#scheme}://${NO_AUTHORITY}`;
  }
}

function detailsOf(incoming: IncomingMessage): RequestDetails {
  return { httpVersion: incoming.httpVersion, headerList: headerListOf(incoming) };
}
