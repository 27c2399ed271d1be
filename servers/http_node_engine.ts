// HTTP on node:http and node:http2, over connections of any kind that are ours. Deno's engine is
// many times faster, but takes only Deno's own connections, changes to no other protocol, and does
// not tell how the header fields were written.
//
// The versions are told apart by the first bytes (RFC 9113 3.4), with and without TLS. node:http
// keeps no deadlines here: it would keep them with its own sockets and its own listener only.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Duplex } from "node:stream";
import type { Connection } from "../core/connection.ts";
import { DuplexConnection } from "../core/duplex_connection.ts";
import { PrefixedConnection } from "../core/prefixed_connection.ts";
import type {
  EngineConnection,
  EngineHandlers,
  HttpEngine,
  RequestDetails,
} from "./http_engine.ts";
import { headerListOf, incomingRequest } from "./incoming_request.ts";
import { sendResponse } from "./outgoing_response.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const preface = new TextEncoder().encode(PREFACE);

/** Streams of one HTTP/2 connection at a time. */
const MAX_CONCURRENT_STREAMS = 100;
/** In bytes, before the answer is 431. */
const MAX_HEADER_BYTES = 64 * 1024;

/** The authority of a request that named none: it cannot be a host. */
const NO_AUTHORITY = "missing.invalid";

/** Makes the engine.
 * @param scheme of the URLs of requests: `http` or `https` */
export async function nodeHttpEngine(
  scheme: "http" | "https",
): Promise<HttpEngine<Connection>> {
  const [{ Server }, { createServer }, { ConnectionDuplex }] = await Promise.all([
    import("node:http"),
    import("node:http2"),
    import("../core/connection_duplex.ts"),
  ]);
  const owners = new WeakMap<object, NodeHttpConnection>();
  const ownerOf = (key: object | null | undefined) => owners.get(key ?? {});

  const http1: Server = new Server({
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false,
    keepAliveTimeout: 0,
    requestTimeout: 0,
    headersTimeout: 0,
  });
  // Beyond it, node:http would leave fields out and say nothing.
  http1.maxHeadersCount = 0;
  // One that does not listen by itself would close after every answer.
  Object.defineProperty(http1, "listening", { value: true });
  http1.on("request", (incoming, outgoing) => {
    ownerOf(incoming.socket)?.answer(incoming, outgoing);
  });
  http1.on("upgrade", (incoming, socket, rest) => {
    ownerOf(socket)?.upgrade(incoming, socket, rest);
  });
  http1.on("clientError", (error: Error & { code?: string }, socket) => {
    ownerOf(socket)?.refuse(error, socket);
  });

  let http2: Http2Server | undefined;
  function http2Server(): Http2Server {
    if (http2 !== undefined) return http2;
    http2 = createServer({ settings: { maxConcurrentStreams: MAX_CONCURRENT_STREAMS } });
    http2.on("request", (incoming, outgoing) => {
      // The two faces of a request agree in all that is used here.
      ownerOf(incoming.stream.session)?.answer(
        incoming as unknown as IncomingMessage,
        outgoing as unknown as ServerResponse,
      );
    });
    return http2;
  }

  return {
    madeUpAuthority: () => NO_AUTHORITY,
    serve(connection, handlers) {
      const served = new NodeHttpConnection(connection, handlers, scheme);
      void begin(connection, served).catch((error) => served.fail(error));
      return served;
    },
  };

  async function begin(connection: Connection, served: NodeHttpConnection): Promise<void> {
    const head = await firstBytes(connection);
    const stream = new ConnectionDuplex(new PrefixedConnection(connection, head), {
      encrypted: scheme === "https",
    });
    served.attach(stream);
    owners.set(stream, served);
    if (!startsWith(head, preface)) {
      http1.emit("connection", stream);
      return;
    }
    const server = http2Server();
    server.once("session", (session: ServerHttp2Session) => {
      owners.set(session, served);
      served.attachSession(session);
    });
    server.emit("connection", stream);
  }
}

/** Reads as much as it takes to tell the versions apart; empty when the peer left. */
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

/** One connection in the hands of node:http or node:http2. */
class NodeHttpConnection implements EngineConnection {
  readonly finished: Promise<void>;
  readonly #connection: Connection;
  readonly #handlers: EngineHandlers;
  readonly #scheme: "http" | "https";
  readonly #over = Promise.withResolvers<void>();
  #stream: Duplex | undefined;
  #session: ServerHttp2Session | undefined;
  #answering = 0;
  #draining = false;
  #upgraded = false;

  constructor(connection: Connection, handlers: EngineHandlers, scheme: "http" | "https") {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#scheme = scheme;
    this.finished = this.#over.promise;
  }

  /** The connection has spoken. */
  attach(stream: Duplex): void {
    this.#stream = stream;
    stream.on("error", (error) => this.fail(error));
    stream.on("close", () => {
      if (!this.#upgraded) this.#over.resolve();
    });
  }

  attachSession(session: ServerHttp2Session): void {
    this.#session = session;
    session.on("error", (error) => this.fail(error));
    session.on("close", () => this.#stream?.destroy());
    if (this.#draining) session.close();
  }

  answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.#answering++;
    void this.#answer(incoming, outgoing).finally(() => {
      this.#answering--;
      if (this.#draining) this.drain();
    });
  }

  /** Answers bytes that are no request. */
  refuse(error: Error & { readonly code?: string }, socket: Duplex): void {
    const status = error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : "400 Bad Request";
    this.#over.reject(error);
    if (!socket.writable) return void socket.destroy();
    // Nobody reads what may still come: it goes nowhere, until the connection's time is over.
    socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, rest: Uint8Array): void {
    this.#upgraded = true;
    const { local, remote } = this.#connection;
    void this.#handlers.upgrade({
      request: incomingRequest(incoming, this.#origin(incoming)).request,
      details: detailsOf(incoming),
      connection: new DuplexConnection(socket, { local, remote }),
      rest,
    }).then(this.#over.resolve, this.#over.reject).finally(() => socket.destroy());
  }

  fail(error: unknown): void {
    this.#over.reject(error);
    this.#connection[Symbol.dispose]();
  }

  drain(): void {
    this.#draining = true;
    if (this.#session !== undefined) this.#session.close();
    else if (this.#answering === 0) this.#stream?.end(() => this.#stream?.destroy());
  }

  close(): void {
    this.#session?.destroy();
    this.#stream?.destroy();
    this.#connection[Symbol.dispose]();
    this.#over.resolve();
  }

  /** Never rejects: what goes wrong ends this one answer. */
  async #answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const completed = Promise.withResolvers<void>();
    completed.promise.catch(() => {});
    const { request, abandon } = incomingRequest(incoming, this.#origin(incoming));
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

  #origin({ headers }: IncomingMessage): string {
    const authority = headers[":authority"] ?? headers.host;
    return `${this.#scheme}://${typeof authority === "string" ? authority : NO_AUTHORITY}`;
  }
}

function detailsOf(incoming: IncomingMessage): RequestDetails {
  return {
    httpVersion: incoming.httpVersionMajor === 2 ? "2" : incoming.httpVersion,
    headerList: headerListOf(incoming),
  };
}
