// UDP, on Deno.listenDatagram.

import { createAdmission } from "../core/admission.ts";
import { refuseAmplifier, serveDatagrams } from "../core/datagram_server.ts";
import type { DatagramSocket } from "../core/connection.ts";
import { DenoDatagramSocket } from "../core/deno_datagram_socket.ts";
import { type Endpoint, formatEndpoint, hostOrLoopback, listeningPort } from "../core/endpoint.ts";
import { admissionOptions, datagramOptions } from "../core/limits.ts";
import { type FamilyChoice, familyOptions, resolveHost } from "../core/resolve.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { listening } from "./listen_error.ts";

const options = { ...admissionOptions, ...datagramOptions, ...familyOptions } as const;

/** A bound socket and the URL it is reached at. */
export interface ListeningUdp {
  readonly socket: DatagramSocket;
  readonly url: string;
}

/** Opens a UDP socket to listen on.
 *
 * @param mayOpen called with the URL and the address before anything is opened; throws to refuse
 * @throws {Error} when it cannot be opened, naming its URL */
export async function listenUdp(
  endpoint: Endpoint,
  family: FamilyChoice,
  mayOpen: (url: string, hostname: string) => void = () => {},
): Promise<ListeningUdp> {
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, family);
  const wanted = formatEndpoint({ ...endpoint, hostname: host }, port);
  mayOpen(wanted, hostname);
  const conn = await listening(
    wanted,
    () => Deno.listenDatagram({ transport: "udp", hostname, port }),
  );
  const url = formatEndpoint({ ...endpoint, hostname: host }, (conn.addr as Deno.NetAddr).port);
  return { socket: new DenoDatagramSocket(conn), url };
}

/** `udp://host:port`. */
export const udp: SessionServerKind<typeof options> = {
  name: "udp",
  summary: "UDP, datagrams that may be lost",
  addressing: "host",
  carries: "sessions",
  carrier: "datagram",
  options,
  async start(endpoint, limits, work) {
    const admits = await createAdmission(limits);
    const { socket, url } = await listenUdp(
      endpoint,
      limits,
      (wanted, hostname) => refuseAmplifier(wanted, hostname, limits.allow, work),
    );
    return serveDatagrams({ url, socket, admits, limits, work });
  },
};
