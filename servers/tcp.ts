// TCP, on Deno.listen.

import { createAdmission } from "../core/addresses/admission.ts";
import { DenoConnection } from "../core/streams/deno_connection.ts";
import {
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  listeningPort,
} from "../core/addresses/endpoint.ts";
import {
  admissionOptions,
  type BacklogLimits,
  backlogOptions,
  streamOptions,
} from "../core/limits.ts";
import type { BoundLayer } from "../core/layer.ts";
import { type FamilyChoice, familyOptions, resolveHost } from "../core/addresses/resolve.ts";
import type { Listener } from "../core/running_server.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { serveStream } from "../core/streams/serve_stream.ts";
import { DenoAcceptor } from "./listeners/deno_acceptor.ts";
import { listening } from "./listeners/listen_error.ts";
import { NodeAcceptor } from "./listeners/node_acceptor.ts";

const options = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...familyOptions,
} as const;

/** Opens a TCP listener: what tcp, ws and http stand on. */
export async function listenTcp(
  endpoint: Endpoint,
  limits: BacklogLimits & FamilyChoice,
): Promise<Listener<DenoConnection<Deno.TcpConn>>> {
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, limits);
  const listener = await listening(
    formatEndpoint({ ...endpoint, hostname: host }, port),
    () => Deno.listen({ hostname, port, tcpBacklog: limits.backlog }),
  );
  return {
    acceptor: new DenoAcceptor(listener, (conn) => {
      // Small answers leave at once instead of waiting for more to send.
      conn.setNoDelay(true);
      return new DenoConnection(conn);
    }),
    url: formatEndpoint({ ...endpoint, hostname: host }, listener.addr.port),
  };
}

/** Opens a TCP listener for what stands on it: on node:net if a layer resets connections, which
 * Deno's own cannot. */
export async function listenTcpFor(
  layers: readonly BoundLayer[],
  endpoint: Endpoint,
  limits: BacklogLimits & FamilyChoice,
): Promise<Listener> {
  if (!layers.some(({ resets }) => resets)) return await listenTcp(endpoint, limits);
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, limits);
  const { backlog } = limits;
  const acceptor = await listening(
    formatEndpoint({ ...endpoint, hostname: host }, port),
    () => NodeAcceptor.listen({ hostname, port, backlog }),
  );
  const { address } = acceptor;
  const bound = "port" in address ? address.port : port;
  return { acceptor, url: formatEndpoint({ ...endpoint, hostname: host }, bound) };
}

/** `tcp://host:port`. */
export const tcp: SessionServerKind<typeof options> = {
  name: "tcp",
  summary: "TCP, a stream of bytes",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options,
  async start(endpoint, limits, work) {
    const admits = await createAdmission(limits);
    const listener = await listenTcpFor(work.layers, endpoint, limits);
    return serveStream(listener, { admits, limits, work });
  },
};
