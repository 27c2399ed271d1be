// UDP, on Deno.listenDatagram.

import { type Address, canonicalHost } from "../core/address.ts";
import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions } from "../core/client_options.ts";
import type { DatagramSocket } from "../core/connection.ts";
import { openDatagramSession } from "../core/datagram_client_session.ts";
import { DenoDatagramSocket } from "../core/deno_datagram_socket.ts";
import { diallingPort, type Endpoint, hostOrLoopback } from "../core/endpoint.ts";
import { parseLocal } from "../core/local_address.ts";
import type { OptionValues } from "../core/option.ts";
import { resolveHost } from "../core/resolve.ts";
import { dialling } from "./dial_error.ts";
import { routeOptions } from "./tcp.ts";

const options = { ...routeOptions, ...clientOptions } as const;

/** Opens a UDP socket to send to an endpoint from, and says what address that has. */
export async function dialUdp(
  endpoint: Endpoint,
  route: OptionValues<typeof routeOptions>,
): Promise<{ readonly socket: DatagramSocket; readonly to: Address }> {
  const port = diallingPort(endpoint);
  const hostname = reachable(await resolveHost(hostOrLoopback(endpoint), route));
  const to: Address = { transport: "udp", hostname, port };
  const from = route.local === undefined ? undefined : parseLocal(route.local);
  const conn = Deno.listenDatagram({
    transport: "udp",
    hostname: from?.hostname ?? (hostname.includes(":") ? "::" : "0.0.0.0"),
    port: from?.port ?? 0,
  });
  return { socket: new DenoDatagramSocket(conn), to };
}

/** `udp://host:port`. */
export const udp: ClientKind<typeof options> = {
  name: "udp",
  addressing: "host",
  carrier: "datagram",
  options,
  async connect(endpoint, route, { layers, signal }) {
    return await dialling(endpoint.text, async () => {
      const { socket, to } = await dialUdp(endpoint, route);
      return await openDatagramSession(socket, to, { layers, signal }, route);
    });
  },
};

/** "Any address" is where servers listen; what is sent there goes to loopback, and its answer comes
 * from loopback, which is not the address that was dialled. */
function reachable(hostname: string): string {
  const host = canonicalHost(hostname);
  return host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : hostname;
}
