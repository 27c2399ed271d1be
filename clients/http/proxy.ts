// HTTP proxies: the choice of the proxy for a request, and the tunnel for https (RFC 9110 9.3.6).

import { bracket, isLoopback } from "../../core/addresses/address.ts";
import { ipFamily, parseNetwork } from "../../core/addresses/admission.ts";
import type { Connection } from "../../core/connection.ts";
import { parseResponseHead, readResponseHead } from "../../core/http/head.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The proxy settings in the environment, by the names of their variables without `_proxy`. */
export interface ProxyRules {
  /** Proxy for http, as a URL. */
  readonly http?: string | undefined;
  /** Proxy for https. */
  readonly https?: string | undefined;
  /** Proxy for http and https where they have none of their own. */
  readonly all?: string | undefined;
  /** Hosts without a proxy: names with their subdomains, addresses, networks, each with a port or
   * without, separated by commas; `*` is every host. */
  readonly no?: string | undefined;
}

export interface Proxy {
  readonly hostname: string;
  readonly port: number;
  /** The value of Proxy-Authorization, if the URL of the proxy has credentials. */
  readonly authorization: string | undefined;
}

/** The proxy settings of the request itself. */
interface ProxyChoice {
  readonly proxy: string | undefined;
  readonly noProxy: boolean;
  readonly proxyUser: string | undefined;
  readonly rules: ProxyRules;
}

/** The proxy for a URL, or undefined. Hosts on this machine are reached through a proxy only when
 * the request names one: a proxy's loopback is not ours.
 * @throws {UsageError} when the proxy is of another kind */
export async function chooseProxy(
  url: URL,
  { proxy, noProxy, proxyUser, rules }: ProxyChoice,
): Promise<Proxy | undefined> {
  if (proxy !== undefined && noProxy) {
    throw new UsageError("--proxy and --no-proxy exclude each other; give one");
  }
  if (noProxy) return undefined;
  if (proxy !== undefined) return parseProxy("--proxy", proxy, proxyUser);
  if (isLoopback(bareHost(url))) return undefined;
  const name = url.protocol === "https:" ? "https" : "http";
  const chosen = rules[name] || rules.all;
  if (!chosen || await isExcepted(url, rules.no ?? "")) return undefined;
  return parseProxy(rules[name] ? `${name}_proxy` : "all_proxy", chosen, proxyUser);
}

function parseProxy(source: string, written: string, user: string | undefined): Proxy {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(written)?.[1]?.toLowerCase() ?? "http";
  if (scheme.startsWith("socks")) {
    throw new UsageError(
      `${source}: ${scheme} is not spoken here; name an HTTP proxy, or give --no-proxy`,
    );
  }
  if (scheme !== "http") {
    throw new UsageError(`${source}: a proxy is reached by http, not by ${scheme}`);
  }
  const url = URL.parse(/^http:/i.test(written) ? written : `http://${written}`);
  if (url === null || url.pathname !== "/" || url.search !== "" || url.port === "0") {
    // The URL may contain a password, so the message does not quote it.
    throw new UsageError(`${source}: expected the URL of a proxy, such as http://proxy:3128`);
  }
  const fromUrl = url.username === "" && url.password === ""
    ? undefined
    : `${decodePercent(url.username)}:${decodePercent(url.password)}`;
  const credentials = user ?? fromUrl;
  return {
    hostname: bareHost(url),
    port: portOf(url),
    authorization: credentials === undefined ? undefined : basicAuthorization(credentials),
  };
}

/** The host of a URL without the brackets of an IPv6 address. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}

/** The port of a URL, or the scheme's default. */
export function portOf(url: URL): number {
  if (url.port === "") return url.protocol === "https:" ? 443 : 80;
  return Number(url.port);
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of an Authorization field (RFC 7617).
 * @param credentials `user:password` */
export function basicAuthorization(credentials: string): string {
  let binary = "";
  for (const byte of new TextEncoder().encode(credentials)) binary += String.fromCharCode(byte);
  return `Basic ${btoa(binary)}`;
}

async function isExcepted(url: URL, list: string): Promise<boolean> {
  const host = bareHost(url).replace(/\.$/, "");
  const port = String(portOf(url));
  for (const entry of list.toLowerCase().split(/[,\s]+/)) {
    if (entry === "*") return true;
    const [, bracketed, plain, wantedPort] =
      /^(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
    const wanted = (bracketed ?? plain ?? "").replace(/^\*?\.+|\.$/g, "");
    if (wanted === "" || (wantedPort !== undefined && wantedPort !== port)) continue;
    if (host === wanted || host.endsWith(`.${wanted}`) && ipFamily(host) === null) return true;
    if (wanted.includes("/") && await isInNetwork(host, wanted)) return true;
  }
  return false;
}

async function isInNetwork(host: string, written: string): Promise<boolean> {
  const family = ipFamily(host);
  if (family === null) return false;
  const network = parseNetwork(written, "no_proxy");
  const { BlockList } = await import("node:net");
  const list = new BlockList();
  list.addSubnet(network.address, network.prefix, network.family);
  return list.check(host, family);
}

/** Opens a tunnel to a host with CONNECT.
 * @throws {Error} when the proxy refuses */
export async function openTunnel(
  connection: Connection,
  proxy: Proxy,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<void> {
  const authority = `${bracket(hostname)}:${port}`;
  const fields = [
    `CONNECT ${authority} HTTP/1.1`,
    `Host: ${authority}`,
    "User-Agent: sockdock",
    ...(proxy.authorization === undefined ? [] : [`Proxy-Authorization: ${proxy.authorization}`]),
  ];
  await connection.write(new TextEncoder().encode(`${fields.join("\r\n")}\r\n\r\n`));
  const read = await readResponseHead(connection);
  if (read === null) throw new Error("the proxy closed the connection without an answer");
  const { status, reason } = parseResponseHead(read.head);
  if (status < 200 || status > 299) {
    const remedy = status === 407 ? "; give it a user with --proxy-user" : "";
    throw new Error(`the proxy answered ${`${status} ${reason}`.trim()}${remedy}`);
  }
  // In TLS the client sends first, so bytes that have arrived already are not the server's.
  if (read.rest.length > 0) throw new Error("the proxy sent more than its answer");
}
