// Where the two ends of a session are in a capture. What has no address, such as a Unix socket, gets a
// made-up one out of the networks for documentation (RFC 5737, RFC 3849).

import { canonicalHost, isLoopback } from "../addresses/address.ts";
import type { Place } from "./packets.ts";

const OWN = "192.0.2.1";
const OWN_IPV6 = "2001:db8::1";
const PEER = "192.0.2.2";

/** Ports of what has none: those of clients, and those of servers. */
const [FIRST_CLIENT_PORT, CLIENT_PORTS] = [49_152, 16_384];
const [FIRST_SERVER_PORT, SERVER_PORTS] = [40_000, 9000];

export interface Ends {
  readonly own: Place;
  readonly peer: Place;
  /** Whether the peer is what was dialled. */
  readonly isDialled: boolean;
}

/** The ends of a session.
 * @param url of the server, which may be ours or the one that was dialled
 * @param peer as events have it: `127.0.0.1:80`, `[::1]:80`, or the path of a socket
 * @param server a number of the URL
 * @param session a number of the session */
export function endsOf(url: string, peer: string, server: number, session: number): Ends {
  const clientPort = FIRST_CLIENT_PORT + session % CLIENT_PORTS;
  const serverPort = FIRST_SERVER_PORT + server % SERVER_PORTS;
  const there = ipAndPort(peer);
  const named = authorityOf(url);
  if (there === undefined) {
    const isDialled = url.endsWith(peer) || url.endsWith(encodeURI(peer));
    const [own, other] = isDialled ? [clientPort, serverPort] : [serverPort, clientPort];
    return {
      own: { ip: ipBytes(OWN), port: own },
      peer: { ip: ipBytes(PEER), port: other },
      isDialled,
    };
  }
  const isDialled = named?.host === there.host && named.port === there.port;
  const isSix = there.host.includes(":");
  const madeUp = isLoopback(there.host) ? (isSix ? "::1" : "127.0.0.1") : isSix ? OWN_IPV6 : OWN;
  const isOwn = !isDialled && named !== undefined && !/^(?:0\.0\.0\.0|::)$/.test(named.host) &&
    /^[\d.]+$|:/.test(named.host) && named.host.includes(":") === isSix;
  return {
    own: {
      ip: ipBytes(isOwn ? named.host : madeUp),
      port: isDialled ? clientPort : named?.port ?? serverPort,
    },
    peer: { ip: ipBytes(there.host), port: there.port },
    isDialled,
  };
}

function ipAndPort(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, six, four, port] = /^(?:\[([\da-f:.]+)(?:%[^\]]*)?\]|([\d.]+)):(\d+)$/i.exec(address) ??
    [];
  const host = six ?? four;
  return host === undefined ? undefined : { host: canonicalHost(host), port: Number(port) };
}

function authorityOf(url: string): { readonly host: string; readonly port: number } | undefined {
  const scheme = /^([a-z]+)/.exec(url)?.[1] ?? "";
  // The scheme may have layers, which URLs do not know.
  const parsed = URL.parse(url.replace(/^[\w+]+:/, "http:"));
  if (parsed === null || scheme.startsWith("unix") || parsed.hostname === "") return undefined;
  const usual = scheme === "https" || scheme === "wss" ? 443 : 80;
  return {
    host: canonicalHost(parsed.hostname.replace(/^\[|\]$/g, "")),
    port: parsed.port === "" ? usual : Number(parsed.port),
  };
}

/** The bytes of an address of IP, as `canonicalHost` writes it. */
function ipBytes(host: string): Uint8Array {
  if (!host.includes(":")) return Uint8Array.from(host.split("."), Number);
  const [head = "", tail] = host.split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const right = groups(tail ?? "");
  const left = groups(head);
  const zeros = Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill("0");
  const words = [...left, ...zeros, ...right].map((group) => parseInt(group, 16));
  return Uint8Array.from(words.flatMap((word) => [word >>> 8, word & 0xff]));
}
