// Dialling WebSockets (RFC 6455): sends the upgrade request and checks the answer.

import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import type { Connection } from "../../core/connection.ts";
import { createCounters } from "../../core/counters.ts";
import { bracket } from "../../core/addresses/address.ts";
import { diallingPort, type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import {
  HttpHeadError,
  isField,
  parseResponseHead,
  readResponseHead,
} from "../../core/http/head.ts";
import { layerStream, type Side } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import {
  checkAnswer,
  checkSubprotocols,
  newKey,
  type UpgradeRequest,
  upgradeRequest,
} from "../../core/websocket/handshake.ts";
import { Keepalive } from "../../core/websocket/keepalive.ts";
import { WebSocketSession } from "../../core/websocket/websocket_session.ts";
import { dialling } from "../dial_error.ts";
import { dialTcp } from "../tcp.ts";
import { dialTls } from "../tls/dial.ts";
import type { webSocketOptions, webSocketTlsOptions } from "./options.ts";
import { refusalOf } from "./refusal.ts";

type Options = OptionValues<typeof webSocketOptions>;

/** Fields by which the handshake itself is done. */
const OWN_FIELDS = /^(?:upgrade|connection|content-length|transfer-encoding|sec-websocket-.*)$/i;

/** Makes the request before anything is dialled, so that wrong options cost no connection.
 * @throws {UsageError} naming the option and its value */
function requestFor(
  endpoint: Endpoint,
  usualPort: number,
  { header, origin, subprotocol, deflate }: Options,
): UpgradeRequest {
  checkSubprotocols(subprotocol);
  if (origin !== undefined && !/^[\x21-\x7e]+$/.test(origin)) {
    throw new UsageError(
      `--origin: expected an origin such as https://example.com, got "${origin}"`,
    );
  }
  const name = bracket(hostOrLoopback(endpoint).replace(/%.*$/, ""));
  // International names in ASCII.
  const host = URL.parse(`http://${name}`)?.hostname ?? name;
  const port = diallingPort(endpoint, usualPort);
  const { pathname, search } = new URL(`http://localhost${endpoint.path}`);
  return {
    target: pathname + search,
    host: port === usualPort ? host : `${host}:${port}`,
    key: newKey(),
    origin,
    subprotocols: subprotocol,
    deflate,
    fields: header.map(parseField),
  };
}

function parseField(written: string): readonly [string, string] {
  const [, name = "", value = ""] = /^([^:]*):(.*)$/s.exec(written) ?? [];
  if (!isField(name, value.trim())) {
    throw new UsageError(`--header: expected a header such as "Cookie: a=b", got "${written}"`);
  }
  if (OWN_FIELDS.test(name)) {
    throw new UsageError(`--header: ${name} belongs to the WebSocket itself and cannot be set`);
  }
  return [name, value.trim()];
}

/** Turns a connection into a session. Takes it over. */
async function open(
  url: string,
  wire: Connection,
  { layers, side }: Pick<DialWork, "layers"> & { readonly side: Side },
  request: UpgradeRequest,
  limits: Options,
  signal: AbortSignal,
): Promise<DialledSession> {
  const counters = createCounters();
  const connection = layerStream(wire, layers, side, { counters });
  const giveUp = () => connection[Symbol.dispose]();
  signal.addEventListener("abort", giveUp, { once: true });
  return await dialling(url, async () => {
    try {
      signal.throwIfAborted();
      await connection.write(upgradeRequest(request));
      const read = await readResponseHead(connection).catch(notHttp);
      if (read === null) throw new Error("the server closed the connection without an answer");
      const answer = parseResponseHead(read.head);
      if (answer.status !== 101) throw await refusalOf(answer, connection, read.rest);
      const { deflate } = await checkAnswer(answer, request);
      const session = new WebSocketSession(connection, {
        role: "client",
        maxMessageBytes: limits.maxMessageBytes,
        counters,
        head: read.rest,
        deflate,
      });
      const keepalive = new Keepalive<WebSocketSession>(limits);
      keepalive.add(session);
      void session.closed.then(() => keepalive[Symbol.dispose]());
      return session;
    } catch (error) {
      connection[Symbol.dispose]();
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  });
}

function notHttp(error: unknown): never {
  if (!(error instanceof HttpHeadError)) throw error;
  throw new Error(`the server did not answer as HTTP does: ${error.message}`, { cause: error });
}

/** Opens a WebSocket, at the usual port unless the URL has one. */
export async function connectWebSocket(
  usualPort: number,
  endpoint: Endpoint,
  options: Options,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  const request = requestFor(endpoint, usualPort, options);
  const wire = await dialTcp(endpoint, diallingPort(endpoint, usualPort), options, signal);
  const side = { role: "dial", to: wire.remote } as const;
  return await open(endpoint.text, wire, { layers, side }, request, options, signal);
}

/** Opens a WebSocket over TLS, at the usual port unless the URL has one. */
export async function connectWebSocketTls(
  usualPort: number,
  endpoint: Endpoint,
  options: OptionValues<typeof webSocketTlsOptions>,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  const request = requestFor(endpoint, usualPort, options);
  const wire = await dialTls(endpoint, diallingPort(endpoint, usualPort), options, signal);
  const serverName = options.serverName ?? hostOrLoopback(endpoint);
  const side = { role: "dial", to: wire.remote, serverName } as const;
  return await open(endpoint.text, wire, { layers, side }, request, options, signal);
}
