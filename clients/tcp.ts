// The client transport `tcp` (RFC 9293), on Deno.connect.

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions, routeOptions } from "../core/client_options.ts";
import type { Connection } from "../core/connection.ts";
import { createCounters } from "../core/counters.ts";
import { DenoConnection } from "../core/streams/deno_connection.ts";
import {
  diallingPort,
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
} from "../core/addresses/endpoint.ts";
import { requireFeature } from "../core/runtime.ts";
import { layerStream } from "../core/layer.ts";
import { parseLocal } from "../core/addresses/local_address.ts";
import type { OptionValues } from "../core/options/option.ts";
import { resolveHost } from "../core/addresses/resolve.ts";
import { StreamSession } from "../core/streams/stream_session.ts";
import { dialling } from "./dial_error.ts";

const options = { ...routeOptions, ...clientOptions } as const;

/** Opens a TCP connection, for tcp, tls, ws and http clients. */
export async function dialTcp(
  endpoint: Endpoint,
  port: number,
  route: OptionValues<typeof routeOptions>,
  signal: AbortSignal,
): Promise<Connection> {
  const host = hostOrLoopback(endpoint);
  const url = formatEndpoint({ ...endpoint, hostname: host }, port);
  return await dialling(url, async () => {
    // Deno tries the addresses of both families; with -4 or -6 only those of one are resolved.
    const hostname = route.ipv4 || route.ipv6 ? await resolveHost(host, route) : host;
    if (route.local !== undefined) return await dialFrom(route.local, hostname, port, signal);
    const conn = await connected(hostname, port, signal);
    conn.setNoDelay(true);
    return new DenoConnection(conn);
  });
}

/** Connects with a signal that never throws: when connected, Deno.connect checks its signal once
 * more, and if that throws it leaks the open connection (measured on 2.9.6). */
async function connected(hostname: string, port: number, signal: AbortSignal) {
  signal.throwIfAborted();
  const silent = Object.assign(AbortSignal.any([signal]), { throwIfAborted() {} });
  try {
    const conn = await Deno.connect({ hostname, port, signal: silent });
    if (!signal.aborted) return conn;
    conn.close();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw signal.reason;
}

/** Dials on node:net, because Deno.connect cannot bind a local address. */
async function dialFrom(
  local: string,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Connection> {
  const from = parseLocal(local);
  requireFeature("localAddress");
  const { connect } = await import("node:net");
  const { DuplexConnection } = await import("../core/streams/duplex_connection.ts");
  // A signal that has fired calls no listener.
  signal.throwIfAborted();
  const socket = connect({
    host,
    port,
    localPort: from.port,
    ...(from.hostname !== undefined && { localAddress: from.hostname }),
    noDelay: true,
    allowHalfOpen: true,
  });
  await new Promise<void>((resolve, reject) => {
    const giveUp = () => socket.destroy(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    const settle = (then: () => void) => {
      signal.removeEventListener("abort", giveUp);
      then();
    };
    socket.once("connect", () => settle(resolve));
    socket.once("error", (error: Error) => settle(() => reject(error)));
  });
  return new DuplexConnection(socket, {
    local: {
      transport: "tcp",
      hostname: socket.localAddress ?? "",
      port: socket.localPort ?? from.port,
    },
    remote: { transport: "tcp", hostname: socket.remoteAddress ?? host, port },
  });
}

export const tcp: ClientKind<typeof options> = {
  name: "tcp",
  addressing: "host",
  carrier: "stream",
  options,
  async connect(endpoint, route, { layers, signal }) {
    const connection = await dialTcp(endpoint, diallingPort(endpoint), route, signal);
    const counters = createCounters();
    const session = new StreamSession(
      layerStream(connection, layers, { role: "dial", to: connection.remote }, { counters }),
      { framing: "none", maxMessageBytes: route.maxMessageBytes, counters },
    );
    if (layers.length > 0 || !(connection instanceof DenoConnection)) return session;
    // Reading has met the end, and tells nothing of a reset behind it; a write of nothing does.
    const isTaking = () => connection.write(new Uint8Array(0)).then(() => true, () => false);
    return Object.assign(session, { isTaking });
  },
};
