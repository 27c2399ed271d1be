// Dialling UDP: a socket that sends to a peer, a group or a broadcast address.

import { type Address, canonicalHost } from "../../core/addresses/address.ts";
import type { routeOptions } from "../../core/client_options.ts";
import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import type { DatagramSocket } from "../../core/connection.ts";
import { openDatagramSession } from "../../core/datagrams/client_session.ts";
import { DenoDatagramSocket } from "../../core/datagrams/deno_socket.ts";
import { diallingPort, type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import {
  interfaceAddress,
  isBroadcast,
  isMulticast,
  systemInterfaces,
} from "../../core/datagrams/group_address.ts";
import { parseLocal } from "../../core/addresses/local_address.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { resolveHost } from "../../core/addresses/resolve.ts";
import { UsageError } from "../../core/usage_error.ts";
import { dialling } from "../dial_error.ts";
import { bindUdp } from "./bind_udp.ts";
import type { udpOptions } from "./options.ts";

type Route = OptionValues<typeof udpOptions>;

/** Opens a UDP socket for an endpoint, and resolves its address. */
export async function dialUdp(
  endpoint: Endpoint,
  route: OptionValues<typeof routeOptions>,
): Promise<{ readonly socket: DatagramSocket; readonly to: Address }> {
  const port = diallingPort(endpoint);
  const hostname = reachable(await resolveHost(hostOrLoopback(endpoint), route));
  const to: Address = { transport: "udp", hostname, port };
  const from = route.local === undefined ? undefined : parseLocal(route.local);
  const conn = await bindUdp({
    hostname: from?.hostname ?? (hostname.includes(":") ? "::" : "0.0.0.0"),
    port: from?.port ?? 0,
  });
  return { socket: new DenoDatagramSocket(conn), to };
}

export async function connectUdp(
  endpoint: Endpoint,
  route: Route,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  return await dialling(endpoint.text, async () => {
    const host = hostOrLoopback(endpoint);
    const isGroup = isMulticast(host);
    if (!isGroup && !isBroadcast(host) && !route.broadcast) {
      refuseGroupOptions(endpoint, route);
      const { socket, to } = await dialUdp(endpoint, route);
      return await openDatagramSession(socket, to, { layers, signal }, route);
    }
    const ordering = layers.find(({ ordered }) => ordered);
    if (ordering !== undefined) {
      throw new UsageError(
        `the layer ${ordering.name} needs one peer, and ${host} stands for many`,
      );
    }
    const { socket, to } = isGroup
      ? await dialGroup(endpoint, route)
      : await dialUdp(endpoint, withInterface(route));
    return await openDatagramSession(socket, to, { layers, signal }, {
      ...route,
      manyAnswer: true,
    });
  });
}

/** Opens a socket bound to the interface by which a group is reached: the system sends by the
 * interface whose address the socket has. */
async function dialGroup(
  endpoint: Endpoint,
  route: Route,
): Promise<{ readonly socket: DatagramSocket; readonly to: Address }> {
  const to: Address = {
    transport: "udp",
    hostname: hostOrLoopback(endpoint),
    port: diallingPort(endpoint),
  };
  const isIpv6 = to.hostname.includes(":");
  if (isIpv6 && (route.interface !== undefined || route.hops !== 1)) {
    throw new UsageError(
      "--interface and --hops have no effect on what is sent to an IPv6 group: Deno cannot choose",
    );
  }
  const { local, hops, multicastLoopback: loopback } = withInterface(route);
  const from = local === undefined ? undefined : parseLocal(local);
  const conn = await bindUdp({
    hostname: from?.hostname ?? (isIpv6 ? "::" : "0.0.0.0"),
    port: from?.port ?? 0,
    loopback,
  });
  if (hops !== 1) {
    try {
      // Deno sets the number of hops on a membership; it then applies to every group.
      const place = from?.hostname ?? "0.0.0.0";
      const membership = await conn.joinMulticastV4(to.hostname, place);
      await membership.setTTL(hops);
      await membership.setLoopback(loopback);
    } catch (error) {
      conn.close();
      throw error;
    }
  }
  return { socket: new DenoDatagramSocket(conn), to };
}

/** Converts --interface to --local, which selects the interface for datagrams to a group. */
function withInterface(route: Route): Route {
  if (route.interface === undefined) return route;
  if (route.local !== undefined) {
    throw new UsageError("--interface and --local both say where to send from; give one");
  }
  return { ...route, local: interfaceAddress(route.interface, systemInterfaces) };
}

/** Refuses options that would have no effect on this endpoint. */
function refuseGroupOptions(endpoint: Endpoint, route: Route): void {
  if (route.interface === undefined && route.hops === 1) return;
  const given = route.interface === undefined ? "--hops" : "--interface";
  throw new UsageError(
    `${given} has no effect on ${endpoint.text}: it goes with a multicast group or a broadcast ` +
      "address, which --broadcast says this is",
  );
}

/** A server may listen on the unspecified address; datagrams to it go to loopback, and the answer
 * would come from loopback, which is not the address that was dialled. */
function reachable(hostname: string): string {
  const host = canonicalHost(hostname);
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : hostname;
}
