// How an HTTP request reaches its server: on a connection that we dialled, so that our own address,
// the family of addresses, TLS options and Unix sockets are what they are for every other client.

import type { ClientRequest, RequestOptions } from "node:http";
import type { Connection } from "../core/connection.ts";
import { DenoConnection } from "../core/deno_connection.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { hasGoodNodeTls } from "../core/node_tls.ts";
import { flagName, type OptionValues } from "../core/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { Deadline } from "./deadline.ts";
import { dialling } from "./dial_error.ts";
import type { fetchOptions } from "./fetch.ts";
import type { HttpBody } from "./http_body.ts";
import { dialTcp } from "./tcp.ts";
import { dialTls } from "./tls.ts";
import { loadTrust } from "./tls_trust.ts";

/** What a request may ask of its route. */
export type RouteValues = OptionValues<typeof fetchOptions>;

/** A way to the server, for one request. */
export interface HttpRoute {
  request(options: RequestOptions): ClientRequest;
  /** Resolves when the connection is closed, where that is known. */
  readonly closed?: Promise<void>;
  close(): void;
}

/** Connects to the server of a URL. Reading goes at the pace of the body.
 * @throws {Error} naming the URL when it cannot be reached */
export async function routeTo(
  url: URL,
  values: RouteValues,
  body: HttpBody,
  signal: AbortSignal,
): Promise<HttpRoute> {
  // Node's client took no connection of ours before Deno 2.7, where node:tls came of age.
  if (!hasGoodNodeTls()) return await routeByNode(url, values);
  const connection = await dialHttp(url, values, signal);
  const [{ Agent, request }, { ConnectionDuplex }] = await Promise.all([
    import("node:http"),
    import("../core/connection_duplex.ts"),
  ]);
  const duplex = new ConnectionDuplex(body.gate(connection));
  // An agent for this request alone: Deno asks only an agent for its connection.
  const agent = new Agent();
  agent.createConnection = () => duplex;
  return {
    request: (options) => request({ ...options, agent, host: url.hostname }),
    closed: new Promise((resolve) => duplex.once("close", () => resolve())),
    close: () => void duplex.destroy(),
  };
}

/** An old runtime dials by itself, and cannot do all that we can. */
async function routeByNode(url: URL, values: RouteValues): Promise<HttpRoute> {
  for (
    const key of ["local", "ipv4", "ipv6", "unixSocket", "insecure", "tlsFingerprint"] as const
  ) {
    if (values[key] === undefined || values[key] === false) continue;
    throw new UsageError(
      `--${flagName(key)} of fetch needs Deno 2.7.14 or newer; this is ${Deno.version.deno}`,
    );
  }
  const trust = await loadTrust(values);
  const ca = trust.by === "authority" && trust.pems.length > 0 ? { ca: [...trust.pems] } : {};
  const where = { agent: false, host: hostOf(url), port: portOf(url) } as const;
  const { request } = url.protocol === "https:"
    ? await import("node:https")
    : await import("node:http");
  return {
    request: (options) => request({ ...options, ...where, ...ca }),
    close: () => {},
  };
}

async function dialHttp(
  url: URL,
  values: RouteValues,
  total: AbortSignal,
): Promise<Connection> {
  using connecting = new Deadline(values.connectTimeoutMs, total);
  const { signal } = connecting;
  const { unixSocket: path } = values;
  if (path !== undefined) {
    return new DenoConnection(
      await dialling(`unix://${path}`, () => Deno.connect({ transport: "unix", path })),
    );
  }
  const port = portOf(url);
  const endpoint: Endpoint = {
    text: url.href,
    scheme: url.protocol.slice(0, -1),
    layers: [],
    addressing: "host",
    hostname: hostOf(url),
    port,
    path: "",
  };
  try {
    return url.protocol === "https:"
      ? await dialTls(endpoint, port, { ...values, alpnProtocols: ["http/1.1"] }, signal)
      : await dialTcp(endpoint, port, values, signal);
  } catch (error) {
    throw connecting.explain(`Cannot connect to ${url.origin}`, error);
  }
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
}
