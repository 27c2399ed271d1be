// The grammar of endpoint URLs (RFC 3986): `scheme[+layer]...://host:port/path`, or `unix://path`
// for a socket file and `unix://@name` for an abstract socket. In place of a host or path, `fd:3` and
// `fd:name` stand for a listening socket that a service manager passed on.

import { bracket } from "./address.ts";
import type { Acceptor } from "../connection.ts";
import { knownAre } from "../options/nearest.ts";
import { UsageError } from "../usage_error.ts";

/** The kind of address in the URLs of a scheme: a host, or the path of a socket. */
export type Addressing = "host" | "path";

/** A parsed endpoint URL. */
export interface Endpoint {
  /** The URL as it was written. */
  readonly text: string;
  /** The transport, such as `tcp`. */
  readonly scheme: string;
  /** Layers from the wire inward, as written. */
  readonly layers: readonly string[];
  /** Whether the URL names a host or the path of a socket. */
  readonly addressing: Addressing;
  /** Host without brackets; empty for a path. */
  readonly hostname: string;
  /** Undefined when the URL names none. */
  readonly port: number | undefined;
  /** The socket's path (abstract ones start with NUL), or the URL's path and query. */
  readonly path: string;
  /** What follows `fd:`, a number or a name. A server adopts that descriptor; to a client, `fd` is a
   * host or a file like any other. */
  readonly descriptor?: string;
  /** The socket of that descriptor; the host and port are then its own. */
  readonly adopted?: Acceptor;
}

type Place = Pick<Endpoint, "hostname" | "port" | "path" | "descriptor">;

/** The longest path that `sockaddr_un` holds on Linux, in bytes, less its closing NUL. */
const MAX_UNIX_PATH_BYTES = 107;

/** A scheme, its layers, and what follows the colon. */
const GRAMMAR = /^([a-z][a-z0-9]*)((?:\+[a-z0-9-]+)*):(.*)$/is;

/** Whether a word of a command line is meant as a URL rather than as the name of a file: it has `://`,
 * or a scheme whose sockets have paths, as `unix:/tmp/echo.sock` has.
 * @param schemes the schemes that the caller understands and how each is addressed */
export function isUrl(text: string, schemes: ReadonlyMap<string, Addressing>): boolean {
  const scheme = GRAMMAR.exec(text)?.[1] ?? "";
  return text.includes("://") || schemes.get(scheme.toLowerCase()) === "path";
}

/** Parses an endpoint URL. One that was parsed before is returned as it is.
 * @param schemes the schemes that the caller supports, with the kind of address of each
 * @throws {UsageError} with the value and the remedy when the text is not such a URL */
export function parseEndpoint(
  url: string | Endpoint,
  schemes: ReadonlyMap<string, Addressing>,
): Endpoint {
  if (typeof url !== "string") return url;
  const text = url;
  const match = GRAMMAR.exec(text);
  if (match === null || (match[3] ?? "").match(/^\d*$/)) {
    throw new UsageError(
      `"${text}" is not a URL; write it as scheme://host:port, such as tcp://127.0.0.1:9999`,
    );
  }
  const scheme = (match[1] ?? "").toLowerCase();
  const rest = match[3] ?? "";
  const addressing = schemes.get(scheme);
  if (addressing === undefined) {
    throw new UsageError(
      rest.startsWith("//")
        ? `unknown scheme "${scheme}" in "${text}"${knownAre(scheme, schemes.keys())}`
        : `"${text}" has no scheme; did you mean tcp://${text}?`,
    );
  }
  const layers = (match[2] ?? "").toLowerCase().split("+").slice(1);
  const place = addressing === "path" ? parsePath(rest, text) : parseHost(rest, text);
  return { text, scheme, layers, addressing, ...place };
}

function parsePath(rest: string, text: string): Place {
  const written = decodePercent(rest.replace(/^\/\//, ""), text);
  if (written === "" || written === "@") {
    throw new UsageError(`"${text}" names no socket; write a path, such as unix:///tmp/echo.sock`);
  }
  const path = written.startsWith("@") ? `\0${written.slice(1)}` : written;
  if (path.includes("\0", 1)) throw new UsageError(`the path in "${text}" holds a NUL character`);
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > MAX_UNIX_PATH_BYTES) {
    throw new UsageError(
      `the path in "${text}" is ${bytes} bytes long; a Unix socket's path has at most ${MAX_UNIX_PATH_BYTES}`,
    );
  }
  const descriptor = descriptorIn(path);
  return { hostname: "", port: undefined, path, ...(descriptor !== undefined && { descriptor }) };
}

function parseHost(rest: string, text: string): Place {
  const match = /^\/\/([^/?#]*)([^#]*)$/s.exec(rest);
  const authority = match?.[1];
  if (authority === undefined) {
    throw new UsageError(`"${text}" is not a URL; write it as scheme://host:port`);
  }
  if (authority.includes("@")) {
    throw new UsageError(
      `"${text.replace(/\/\/[^@]*@/, "//...@")}" carries a user name; the URL of a socket has none`,
    );
  }
  const descriptor = descriptorIn(authority);
  if (descriptor !== undefined && !/^\d+$/.test(descriptor)) {
    const name = decodePercent(descriptor, text);
    return { hostname: "fd", port: undefined, path: match?.[2] ?? "", descriptor: name };
  }
  const parts = /^(?:\[([0-9a-f:.]+(?:%[\w.~-]+)?)\]|([^[\]:]*))(?::(\d*))?$/i.exec(authority);
  if (parts === null || (parts[1] !== undefined && !isIpv6(parts[1]))) {
    throw new UsageError(
      authority.includes(":") && !/:\d+$/.test(authority.replace(/^\[[^\]]*\]/, ""))
        ? `"${text}" has a port that is not a number; ports are 0 to 65535`
        : `"${text}" is not a URL; an IPv6 address stands in brackets, such as tcp://[::1]:9999`,
    );
  }
  const hostname = (parts[1] ?? decodePercent(parts[2] ?? "", text)).replace("%25", "%");
  if (/[\s\0/@\\]/.test(hostname)) throw new UsageError(`"${text}" has no valid host name`);
  const port = parts[3] === undefined || parts[3] === "" ? undefined : Number(parts[3]);
  if (port !== undefined && port > 65535) {
    throw new UsageError(`port ${parts[3]} in "${text}" is out of range; ports are 0 to 65535`);
  }
  return {
    hostname,
    port,
    path: match?.[2] ?? "",
    ...(descriptor !== undefined && { descriptor }),
  };
}

function descriptorIn(place: string): string | undefined {
  return /^fd:([^:/]+)$/.exec(place)?.[1];
}

function isIpv6(text: string): boolean {
  return URL.canParse(`http://[${text.replace(/%.*$/, "")}]`);
}

function decodePercent(value: string, text: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new UsageError(`"${text}" holds a broken percent escape; a bare % is written %25`);
  }
}

/** Formats an endpoint as a URL, with the port that the system chose. */
export function formatEndpoint(
  endpoint: Pick<Endpoint, "scheme" | "layers" | "addressing" | "hostname" | "path">,
  port: number | undefined,
): string {
  const scheme = [endpoint.scheme, ...endpoint.layers].join("+");
  if (endpoint.addressing === "path") {
    const abstract = endpoint.path.startsWith("\0");
    const path = (abstract ? endpoint.path.slice(1) : endpoint.path).replace(
      /[%\s?#]/g,
      encodeURIComponent,
    );
    return `${scheme}://${abstract ? "@" : ""}${path}`;
  }
  const authority = bracket(endpoint.hostname) + (port === undefined ? "" : `:${port}`);
  return `${scheme}://${authority}${endpoint.path}`;
}

/** The port to listen on.
 * @throws {UsageError} when the URL names none */
export function listeningPort(endpoint: Endpoint): number {
  if (endpoint.port !== undefined) return endpoint.port;
  throw new UsageError(`"${endpoint.text}" names no port; add one, or :0 for any free port`);
}

/** The port to dial.
 * @throws {UsageError} when the URL names none and its scheme has no default, or names 0 */
export function diallingPort(endpoint: Endpoint, usual?: number): number {
  const port = endpoint.port ?? usual;
  if (port === undefined) {
    throw new UsageError(
      `"${endpoint.text}" names no port, such as ${endpoint.scheme}://host:9999`,
    );
  }
  if (port === 0) throw new UsageError(`"${endpoint.text}" cannot be dialled; ports start at 1`);
  return port;
}

/** The host to listen on or dial: the URL's, or loopback. */
export function hostOrLoopback(endpoint: Endpoint): string {
  return endpoint.hostname === "" ? "127.0.0.1" : endpoint.hostname;
}
