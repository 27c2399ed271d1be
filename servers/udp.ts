// UDP, on Deno.listenDatagram.

import { createAdmission } from "../core/admission.ts";
import { refuseAmplifier, serveDatagrams } from "../core/datagram_server.ts";
import { DenoDatagramSocket } from "../core/deno_datagram_socket.ts";
import { formatEndpoint, hostOrLoopback, listeningPort } from "../core/endpoint.ts";
import { layerDatagrams } from "../core/layer.ts";
import { admissionOptions, datagramOptions } from "../core/limits.ts";
import { familyOptions, resolveHost } from "../core/resolve.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { listening } from "./listen_error.ts";

const options = { ...admissionOptions, ...datagramOptions, ...familyOptions } as const;

/** `udp://host:port`. */
export const udp: SessionServerKind<typeof options> = {
  name: "udp",
  summary: "UDP, datagrams that may be lost",
  addressing: "host",
  carries: "sessions",
  carrier: "datagram",
  options,
  async start(endpoint, limits, work) {
    const port = listeningPort(endpoint);
    const host = hostOrLoopback(endpoint);
    const hostname = await resolveHost(host, limits);
    const wanted = formatEndpoint({ ...endpoint, hostname: host }, port);
    refuseAmplifier(wanted, hostname, limits.allow, work.protocol);
    const admits = await createAdmission(limits);
    const conn = await listening(
      wanted,
      () => Deno.listenDatagram({ transport: "udp", hostname, port }),
    );
    const url = formatEndpoint(
      { ...endpoint, hostname: host },
      (conn.addr as Deno.NetAddr).port,
    );
    const socket = layerDatagrams(new DenoDatagramSocket(conn), work.layers, { role: "listen" });
    return serveDatagrams({ url, socket, admits, limits, work });
  },
};
