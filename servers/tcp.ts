// The server transport `tcp` (RFC 9293), on Deno.listen.

import { createAdmission } from "../core/addresses/admission.ts";
import type { Acceptor } from "../core/connection.ts";
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

const options = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...familyOptions,
} as const;

/** Opens a TCP listener, for tcp, ws and http, unless one was adopted. */
export function listenTcp(
  endpoint: Endpoint,
  limits: BacklogLimits & FamilyChoice,
): Promise<Listener> {
  return listenAt(endpoint, limits, ({ hostname, port, backlog }) => {
    const listener = Deno.listen({ hostname, port, tcpBacklog: backlog });
    return new DenoAcceptor(listener, (conn) => {
      // Small writes are sent at once instead of waiting for more (Nagle's algorithm is off).
      conn.setNoDelay(true);
      return new DenoConnection(conn);
    });
  });
}

/** Opens a TCP listener for a stack of layers: on node:net if a layer resets connections, which
 * Deno's own listener does not support. */
export async function listenTcpFor(
  layers: readonly BoundLayer[],
  endpoint: Endpoint,
  limits: BacklogLimits & FamilyChoice,
): Promise<Listener> {
  if (!layers.some(({ resets }) => resets)) return await listenTcp(endpoint, limits);
  const { NodeAcceptor } = await import("./listeners/node_acceptor.ts");
  return await listenAt(endpoint, limits, (place) => NodeAcceptor.listen(place));
}

/** The address of a TCP listener, its host name resolved. */
interface ListeningPlace {
  readonly hostname: string;
  readonly port: number;
  readonly backlog: number;
}

async function listenAt(
  endpoint: Endpoint,
  limits: BacklogLimits & FamilyChoice,
  open: (place: ListeningPlace) => Acceptor | Promise<Acceptor>,
): Promise<Listener> {
  const { adopted } = endpoint;
  if (adopted) return { acceptor: adopted, url: formatEndpoint(endpoint, endpoint.port) };
  const { backlog } = limits;
  const port = listeningPort(endpoint);
  const named = { ...endpoint, hostname: hostOrLoopback(endpoint) };
  const hostname = await resolveHost(named.hostname, limits);
  const acceptor = await listening(
    formatEndpoint(named, port),
    port,
    () => open({ hostname, port, backlog }),
  );
  const { address } = acceptor;
  return { acceptor, url: formatEndpoint(named, "port" in address ? address.port : port) };
}

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
