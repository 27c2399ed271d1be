// Connects an HTTP request to its server, on a connection that we dial, so that the local address,
// the address family, TLS options, proxies and Unix sockets work as for every other client.

import type { ClientRequest, RequestOptions } from "node:http";
import { bracket } from "../../core/addresses/address.ts";
import { ipFamily } from "../../core/addresses/admission.ts";
import type { Connection } from "../../core/connection.ts";
import { DenoConnection } from "../../core/streams/deno_connection.ts";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import { errorText } from "../../core/event.ts";
import { hasFeature, requireFeature } from "../../core/runtime.ts";
import { flagName, type OptionValues } from "../../core/options/option.ts";
import { resolveHost } from "../../core/addresses/resolve.ts";
import { tlsFilePairs } from "../../core/tls/options.ts";
import { UsageError } from "../../core/usage_error.ts";
import { Deadline } from "../deadline.ts";
import { dialling } from "../dial_error.ts";
import type { HttpBody } from "./body.ts";
import type { fetchOptions } from "./options.ts";
import { bareHost, openTunnel, portOf, type Proxy } from "./proxy.ts";
import type { OnStep } from "./step.ts";
import type { Stopwatch } from "./timing.ts";
import { dialTcp } from "../tcp.ts";
import { prepareTls } from "../tls/dial.ts";

export type RouteValues = OptionValues<typeof fetchOptions>;

interface RouteWork {
  readonly body: HttpBody;
  readonly proxy: Proxy | undefined;
  readonly stopwatch: Stopwatch;
  readonly signal: AbortSignal;
  readonly onStep: OnStep | undefined;
}

/** The connection to the server, for one request. */
interface HttpRoute {
  request(options: RequestOptions): ClientRequest;
  /** Resolves when the connection is closed, if the route can tell. */
  readonly closed?: Promise<void>;
  close(): void;
}

/** The error of a request without a connection: nothing was sent. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
}

/** The same, after a timeout. */
export class ConnectTimeoutError extends DOMException {
  constructor(message: string) {
    super(message, "TimeoutError");
  }
}

/** Connects to the server of a URL. The body's reader sets the pace of reading.
 * @throws {Error} naming the URL when it cannot be reached */
export async function routeTo(url: URL, values: RouteValues, work: RouteWork): Promise<HttpRoute> {
  if (!hasFeature("httpOverConnection")) return await routeByNode(url, values, work);
  const connection = await dialHttp(url, values, work);
  const [{ Agent, request }, { ConnectionDuplex }] = await Promise.all([
    import("node:http"),
    import("../../core/streams/connection_duplex.ts"),
  ]);
  const duplex = new ConnectionDuplex(work.body.gate(connection));
  // An agent for this request, because Deno supports a connection of ours only through one.
  const agent = new Agent();
  agent.createConnection = () => duplex;
  return {
    request: (options) => request({ ...options, agent, host: url.hostname }),
    closed: new Promise((resolve) => duplex.once("close", () => resolve())),
    close: () => void duplex.destroy(),
  };
}

/** The route of an old runtime, which dials by itself. */
async function routeByNode(
  url: URL,
  values: RouteValues,
  { proxy }: RouteWork,
): Promise<HttpRoute> {
  const given: readonly (readonly [flag: string, given: boolean])[] = [
    ...(["local", "unixSocket", "tlsFingerprint"] as const).map((key) =>
      [`--${flagName(key)}`, values[key] !== undefined] as const
    ),
    ["--tls-ca", values.tlsCa.length > 0],
    ["--tls-cert", tlsFilePairs(values).length > 0],
    ...(["ipv4", "ipv6", "insecure"] as const).map((key) =>
      [`--${flagName(key)}`, values[key]] as const
    ),
    ["a proxy", proxy !== undefined],
  ];
  for (const [what, isGiven] of given) {
    if (isGiven) requireFeature("httpOverConnection", `${what} of fetch`);
  }
  const { request } = url.protocol === "https:"
    ? await import("node:https")
    : await import("node:http");
  return {
    request: (options) => request({ ...options, host: bareHost(url), port: portOf(url) }),
    close: () => {},
  };
}

async function dialHttp(
  url: URL,
  values: RouteValues,
  { proxy, stopwatch, signal: total, onStep }: RouteWork,
): Promise<Connection> {
  using connecting = new Deadline(values.connectTimeoutMs, total);
  const { signal } = connecting;
  const [hostname, port] = [bareHost(url), portOf(url)];
  const endpoint = endpointOf(url, hostname, port);
  const isSecure = url.protocol === "https:";
  const handshake = isSecure
    ? await prepareTls(endpoint, port, { ...values, alpnProtocols: ["http/1.1"] })
    : undefined;
  const what = `Cannot connect to ${url.origin}`;
  try {
    const dial = () => {
      if (values.unixSocket !== undefined) return dialUnix(values.unixSocket, stopwatch);
      return proxy === undefined
        ? dialHost(endpoint, port, values, stopwatch, signal)
        : dialProxy({ url, proxy, throughTunnel: isSecure }, values, stopwatch, signal);
    };
    const wire = await dial();
    onStep?.({
      step: "connected",
      remote: wire.remote,
      origin: url.origin,
      ...(proxy && { proxy: `${bracket(proxy.hostname)}:${proxy.port}` }),
    });
    if (handshake === undefined) return wire;
    const secured = await stopwatch.measure("tlsMs", () => handshake(wire, signal, dial));
    const facts = onStep && secured.tlsFacts?.();
    if (facts) onStep?.({ step: "secured", facts, trust: trustOf(values) });
    return secured;
  } catch (error) {
    // The total timeout, or an abort by the caller, has an error of its own.
    if (total.aborted || !signal.aborted) throw connecting.explain(what, error);
    throw new ConnectTimeoutError(errorText(connecting.explain(what, error)));
  }
}

function trustOf({ insecure, tlsFingerprint }: RouteValues) {
  return insecure ? "none" : tlsFingerprint !== undefined ? "fingerprint" : "authority";
}

async function dialUnix(path: string, stopwatch: Stopwatch): Promise<Connection> {
  try {
    return await stopwatch.measure(
      "connectMs",
      async () =>
        new DenoConnection(
          await dialling(`unix://${path}`, () => Deno.connect({ transport: "unix", path })),
        ),
    );
  } catch (error) {
    throw new NotConnectedError(errorText(error), { cause: error });
  }
}

/** Tries the addresses of a host one after the other. */
async function dialHost(
  endpoint: Endpoint,
  port: number,
  values: RouteValues,
  stopwatch: Stopwatch,
  signal: AbortSignal,
): Promise<Connection> {
  const { hostname } = endpoint;
  const addresses = ipFamily(hostname) !== null
    // An address of the wrong family makes this throw.
    ? [await resolveHost(hostname, values)]
    : await stopwatch.measure("dnsMs", () => addressesOf(endpoint, port, values, signal));
  return await stopwatch.measure("connectMs", async () => {
    let failure: unknown;
    for (const [index, address] of addresses.entries()) {
      signal.throwIfAborted();
      // An address that does not answer leaves time for the next.
      const isLast = index === addresses.length - 1;
      const shareMs = values.connectTimeoutMs / addresses.length;
      using attempt = new Deadline(isLast ? Infinity : shareMs, signal);
      try {
        return await dialTcp({ ...endpoint, hostname: address }, port, values, attempt.signal);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        failure = error;
      }
    }
    // The error names the host as the URL does, and not its address.
    const text = addresses.reduce(
      (text, address) => text.replace(`//${bracket(address)}:`, `//${bracket(hostname)}:`),
      errorText(failure),
    );
    throw new NotConnectedError(text, { cause: failure });
  });
}

/** Limit of the addresses to try. */
const MAX_ADDRESSES = 8;

async function addressesOf(
  endpoint: Endpoint,
  port: number,
  choice: RouteValues,
  signal: AbortSignal,
): Promise<string[]> {
  const { hostname, scheme } = endpoint;
  if (choice.ipv4 && choice.ipv6) throw new UsageError("-4 and -6 exclude each other; give one");
  const { lookup } = await import("node:dns/promises");
  const aborted = Promise.withResolvers<never>();
  const giveUp = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const family = choice.ipv4 ? 4 : choice.ipv6 ? 6 : 0;
    const found = await Promise.race([
      lookup(hostname, { all: true, family }),
      aborted.promise,
    ]);
    if (found.length === 0) throw new Error("it has no address");
    return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES);
  } catch (error) {
    const kind = choice.ipv4 ? "IPv4 " : choice.ipv6 ? "IPv6 " : "";
    throw new NotConnectedError(
      `Cannot connect to ${scheme}://${hostname}:${port}: no ${kind}address is known for ` +
        `${hostname} (${errorText(error)})`,
      { cause: error },
    );
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function dialProxy(
  { url, proxy, throughTunnel }: {
    readonly url: URL;
    readonly proxy: Proxy;
    readonly throughTunnel: boolean;
  },
  values: RouteValues,
  stopwatch: Stopwatch,
  signal: AbortSignal,
): Promise<Connection> {
  const { hostname, port } = proxy;
  const place = endpointOf(new URL("http://proxy"), hostname, port);
  let connection: Connection;
  try {
    connection = await dialHost(place, port, values, stopwatch, signal);
  } catch (error) {
    if (!(error instanceof NotConnectedError)) throw error;
    // Named, because the address alone of a proxy from the environment is hard to recognise.
    const text = `${error.message}; it is the proxy for ${url.origin}`;
    throw new NotConnectedError(text, { cause: error });
  }
  if (!throughTunnel) return connection;
  const giveUp = () => connection[Symbol.dispose]();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const target = { hostname: bareHost(url), port: portOf(url) };
    await stopwatch.measure("connectMs", () => openTunnel(connection, proxy, target));
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    const through = `through the proxy ${proxy.hostname}:${proxy.port}`;
    throw new NotConnectedError(`Cannot connect to ${url.origin} ${through}: ${errorText(error)}`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

function endpointOf(url: URL, hostname: string, port: number): Endpoint {
  return {
    text: url.href,
    scheme: url.protocol.slice(0, -1),
    layers: [],
    addressing: "host",
    hostname,
    port,
    path: "",
  };
}
