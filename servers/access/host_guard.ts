// The guard against requests from foreign web pages. Browsers can reach loopback: any page that a
// user visits may make their browser send requests to a server on their own machine, under a name
// that the page's owner chose (DNS rebinding) or from the page's own origin. So requests over HTTP,
// upgrades included, are compared with the names of the server (Host, RFC 9110 7.2) and checked for
// their origin (Origin, RFC 6454 7).

import { type Address, isLoopback } from "../../core/addresses/address.ts";
import { isUnspecified, ownAddresses } from "../../core/addresses/own_addresses.ts";
import type { WebGuardLimits } from "./options.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The parts of a request on which the decision depends. */
export interface GuardedRequest {
  readonly method: string;
  /** Whether the request asks for an upgrade, such as to a WebSocket. */
  readonly upgrade: boolean;
  /** `1.0`, `1.1` or `2`: only HTTP/1.0 may come without a Host. */
  readonly httpVersion: string;
  /** The Host header, or `:authority`; null when there is none. */
  readonly host: string | null;
  /** The Origin header; null when there is none. */
  readonly origin: string | null;
}

export interface Refusal {
  readonly status: 400 | 403 | 421;
  /** For the event: short, on one line. */
  readonly reason: string;
  /** For the answer: a sentence with the remedy. */
  readonly message: string;
}

/** Returns null when the request may be served. */
export type HostGuard = (request: GuardedRequest) => Refusal | null;

interface GuardedServer {
  readonly address: Address;
  /** The host name in its URL, which is always accepted. */
  readonly hostname: string;
}

/** Methods that change nothing (RFC 9110 9.2.1); a browser sends them across origins anyway. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Reads the lists, and returns a function that builds the guard of one server, once that listens.
 * @throws {UsageError} when an entry of a list is no host name or no origin */
export function readWebGuard(limits: WebGuardLimits): (server: GuardedServer) => HostGuard {
  const named = limits.allowHost.filter((entry) => entry !== "*").map(hostEntry);
  const origins = new Set(limits.allowOrigin.filter((entry) => entry !== "*").map(originEntry));
  const anyOrigin = limits.allowOrigin.includes("*");

  return ({ address, hostname }) => {
    const onLoopback = "port" in address && isLoopback(address.hostname);
    const own = parseHost(hostText(hostname));
    const hosts = new Set(own === null ? named : [...named, own.hostname]);
    // A server on every address has each of them as a name, and no page can make one its own.
    const onAll = "port" in address && isUnspecified(address.hostname);
    if (onAll && named.length > 0) {
      for (const one of ownAddresses() ?? []) {
        const host = parseHost(hostText(one));
        if (host !== null) hosts.add(host.hostname);
      }
    }
    const anyHost = limits.allowHost.includes("*") || (!onLoopback && named.length === 0);
    return (request) => {
      const host = request.host === null ? null : parseHost(request.host);
      if (host === null) {
        if (request.host !== null) return badHost(`the Host ${quote(request.host)} is malformed`);
        if (request.httpVersion !== "1.0") return badHost("there is no Host");
      } else if (
        !anyHost && !hosts.has(host.hostname) &&
        !((onLoopback || onAll) && isLoopback(bare(host.hostname)))
      ) {
        return {
          status: 421,
          reason: `host ${host.hostname}`,
          message: `This server is not ${host.hostname}; start it with --allow-host ` +
            `${bare(host.hostname)} to let it be.`,
        };
      }
      if (request.origin === null || anyOrigin) return null;
      if (!request.upgrade && SAFE_METHODS.has(request.method)) return null;
      const origin = parseOrigin(request.origin);
      if (origin !== null && (origins.has(origin.text) || isSameHost(origin, host))) return null;
      const shown = origin?.text ?? quote(request.origin);
      return {
        status: 403,
        reason: `origin ${shown}`,
        message: `Pages of ${shown} may not do this; start the server with --allow-origin ` +
          `${origin?.text ?? "'*'"} to let them.`,
      };
    };
  };
}

interface Host {
  /** Host name as in a URL: lower case, addresses in canonical form, IPv6 in brackets. */
  readonly hostname: string;
  /** Port as written; empty without one. */
  readonly port: string;
}

interface Origin extends Host {
  /** The origin as browsers send it. */
  readonly text: string;
  /** Default port of the scheme. */
  readonly usualPort: string;
}

/** Parses a Host header; null when it is invalid (RFC 9112 3.2 requires 400 then). */
function parseHost(written: string): Host | null {
  const match = /^(\[[0-9a-f:.]+\]|[\w.~-]+)(?::(\d{0,5}))?$/i.exec(written);
  if (match === null || Number(match[2] || 0) > 65_535) return null;
  const authority = `http://${(match[1] ?? "").replace(/\.$/, "")}`;
  if (!URL.canParse(authority)) return null;
  return { hostname: new URL(authority).hostname, port: String(Number(match[2] || 0) || "") };
}

/** Parses an origin; null when it is opaque (`null`) or invalid. */
function parseOrigin(written: string): Origin | null {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\\\s]+)$/i.exec(written);
  const host = parseHost(match?.[2] ?? "");
  if (match === null || host === null) return null;
  const scheme = (match[1] ?? "").toLowerCase();
  const usualPort = { http: "80", ws: "80", https: "443", wss: "443" }[scheme] ?? "";
  const port = host.port === usualPort ? "" : host.port;
  const text = `${scheme}://${host.hostname}${port === "" ? "" : `:${port}`}`;
  return { hostname: host.hostname, port, text, usualPort };
}

/** Whether an origin and a request have the same host and port. The scheme may differ: a proxy that
 * ends TLS turns https into http, and a page on https opens a socket on wss. */
function isSameHost(origin: Origin, host: Host | null): boolean {
  return host !== null && origin.usualPort !== "" && origin.hostname === host.hostname &&
    (origin.port || origin.usualPort) === (host.port || origin.usualPort);
}

function badHost(why: string): Refusal {
  return {
    status: 400,
    reason: why,
    message: `This request cannot be served: ${why}; send the name and port of this server.`,
  };
}

function hostEntry(entry: string): string {
  const host = parseHost(hostText(entry));
  if (host !== null && host.port === "") return host.hostname;
  throw new UsageError(
    `--allow-host: expected a host name without scheme and port, such as box.example, got "${entry}"`,
  );
}

function originEntry(entry: string): string {
  const origin = parseOrigin(entry);
  if (origin !== null) return origin.text;
  throw new UsageError(
    `--allow-origin: expected scheme, host and port, such as https://example.com:8443, got "${entry}"`,
  );
}

/** Puts an IPv6 address in brackets if it has none. */
function hostText(written: string): string {
  return /^[^[]*:.*:/.test(written) ? `[${written}]` : written;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Quotes text from a peer so that it is safe to print. */
function quote(written: string): string {
  return JSON.stringify(written.slice(0, 100));
}
