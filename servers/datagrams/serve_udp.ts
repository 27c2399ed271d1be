// Serving on UDP, with or without a multicast group.

import { isLoopback } from "../../core/addresses/address.ts";
import { createAdmission } from "../../core/addresses/admission.ts";
import { serveDatagrams } from "../../core/datagrams/serve_datagrams.ts";
import { DenoDatagramSocket } from "../../core/datagrams/deno_socket.ts";
import type { UdpConn } from "../../core/datagrams/node_socket.ts";
import { errorText } from "../../core/event.ts";
import {
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  listeningPort,
} from "../../core/addresses/endpoint.ts";
import {
  interfaceAddress,
  interfaceNumber,
  isMulticast,
  reachOf,
  systemInterfaces,
} from "../../core/datagrams/group_address.ts";
import { type FamilyChoice, resolveHost } from "../../core/addresses/resolve.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { DatagramListener, RunningServer } from "../../core/running_server.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { UsageError } from "../../core/usage_error.ts";
import { listening } from "../listeners/listen_error.ts";
import { bindUdp } from "./bind_udp.ts";
import type { udpOptions } from "./options.ts";

/** Opens a UDP socket to listen on. At a multicast address it joins the group, beside other
 * programs in it.
 * @param mayOpen called with the URL and the address before anything is opened; throws to refuse
 * @throws {Error} when it cannot be opened, naming its URL */
export async function listenUdp(
  endpoint: Endpoint,
  family: FamilyChoice & { readonly interface?: string | undefined },
  mayOpen: (url: string, hostname: string) => void = () => {},
): Promise<DatagramListener> {
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, family);
  const wanted = formatEndpoint({ ...endpoint, hostname: host }, port);
  mayOpen(wanted, hostname);
  const open = isMulticast(hostname)
    ? () => joinGroup(hostname, port, family.interface)
    : () => bindUdp({ hostname, port });
  if (family.interface !== undefined && !isMulticast(hostname)) {
    throw new UsageError(`--interface goes with a multicast group, and ${hostname} is none`);
  }
  const conn = await listening(wanted, port, open);
  const url = formatEndpoint({ ...endpoint, hostname: host }, (conn.addr as Deno.NetAddr).port);
  return {
    socket: new DenoDatagramSocket(conn),
    url,
    ...(conn.onDropped && { onDropped: conn.onDropped.bind(conn) }),
  };
}

/** Binding to the group's own address keeps out datagrams to other addresses at this port. Windows
 * does not support it, nor Deno for IPv6 groups. */
async function joinGroup(
  group: string,
  port: number,
  place: string | undefined,
): Promise<UdpConn> {
  const isIpv6 = group.includes(":");
  const hostname = isIpv6 ? "::" : Deno.build.os === "windows" ? "0.0.0.0" : group;
  const from = isIpv6
    ? interfaceNumber(place, systemInterfaces)
    : interfaceAddress(place, systemInterfaces);
  const conn = await bindUdp({ hostname, port, reuseAddress: true });
  try {
    if (typeof from === "number") await conn.joinMulticastV6(group, from);
    else await conn.joinMulticastV4(group, from);
  } catch (error) {
    conn.close();
    if (place !== undefined) throw error;
    throw new Error(`${errorText(error)}; name an interface, such as --interface 127.0.0.1`);
  }
  return conn;
}

export async function serveUdp(
  endpoint: Endpoint,
  limits: OptionValues<typeof udpOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  const admits = await createAdmission(limits);
  const listener = await listenUdp(
    endpoint,
    limits,
    (wanted, hostname) => {
      refuseGroup(wanted, hostname, orderingLayer(work));
      refuseAmplifier(wanted, reachOf(hostname, limits), limits.allow, work);
    },
  );
  return serveDatagrams(listener, { admits, limits, work });
}

/** Refuses to open an amplifier to the network: beyond loopback, a protocol whose reply may be
 * larger than the request needs a list of admitted peers.
 * @throws {UsageError} naming the remedy */
export function refuseAmplifier(
  url: string,
  hostname: string,
  allow: readonly string[],
  { protocol, layers }: Pick<SessionWork, "protocol" | "layers">,
): void {
  if (protocol.datagramReply !== "larger" || isLoopback(hostname) || allow.length > 0) return;
  if (layers.some(({ provesSender }) => provesSender)) return;
  throw new UsageError(
    `${url}: ${protocol.name} can answer a datagram with a larger one, which lets a forged sender ` +
      `address aim it at others; say whom to answer with --allow, such as --allow 192.0.2.0/24, ` +
      `or have senders prove who they are with a layer, such as udp+reliable://`,
  );
}

/** Refuses a multicast group for a protocol or layer between two peers.
 * @param what the layer or protocol that has associations, if there is one
 * @throws {UsageError} saying why */
export function refuseGroup(url: string, hostname: string, what: string | undefined): void {
  if (what === undefined || !isMulticast(hostname)) return;
  throw new UsageError(
    `${url}: ${what} is between two, and ${hostname} stands for many; ` +
      `listen on an address of this machine`,
  );
}

function orderingLayer({ layers }: Pick<SessionWork, "layers">): string | undefined {
  const layer = layers.find(({ ordered }) => ordered);
  return layer && `the layer ${layer.name}`;
}
