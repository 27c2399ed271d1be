// One connection with one broker, over the NATS client library. It does not reconnect by itself: the
// library would send later what it was given while the broker was away, and a message that was
// acknowledged as local must be sent by the log alone.

import type {
  NatsConnection,
  NatsConnectionImpl,
  NodeConnectionOptions,
  ProtocolHandler,
} from "@nats-io/transport-node";
import { installTransport } from "./broker_transport.ts";
import type { ClusterSettings } from "./settings.ts";

/** How long a broker may take for the handshake. */
const DIAL_TIMEOUT_MS = 3_000;
/** How often a broker is pinged, and how many pings may be unanswered. */
const PING_INTERVAL_MS = 2_000;
const MAX_PINGS_OUT = 2;
/** How long to wait until the last messages have left. */
const FLUSH_TIMEOUT_MS = 300;

/** @param broker `host:port`
 * @throws {Error} when the broker cannot be reached, refuses us, or does not answer in time */
export async function dialBroker(
  broker: string,
  { tls, creds, name }: ClusterSettings,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const library = await import("./nats_library.ts");
  // The library's `connect` cannot be aborted, and leaves the socket open when a broker accepts a
  // connection and says nothing. So we do its steps ourselves, and keep the transport.
  await installTransport();
  const options: NodeConnectionOptions = {
    servers: [broker],
    name: `sockdock ${name}`,
    reconnect: false,
    ignoreClusterUpdates: true,
    maxReconnectAttempts: 0,
    timeout: DIAL_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // A stack trace for each request would cost more than the request.
    noAsyncTraces: true,
    ...(tls !== undefined && { tls }),
    ...(creds !== undefined && { authenticator: library.credsAuthenticator(creds) }),
  };
  // The library's types declare this constructor private.
  const connection: NatsConnectionImpl = Reflect.construct(library.NatsConnectionImpl, [options]);
  const protocol = new library.ProtocolHandler(connection.options, connection);
  connection.protocol = protocol;
  endOnNonsense(protocol);
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    await Promise.race([protocol.dialLoop(), stopped.promise]);
    if (protocol.isClosed()) throw new Error("what it says is not NATS");
    return connection as NatsConnection;
  } catch (error) {
    await protocol.close();
    // The library starts them even when the connection ended during the handshake.
    protocol.heartbeats.cancel();
    protocol.transport?.discard();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Ends a connection on which something else than NATS arrives, or whose reader fails. The library
 * would print the error, stop reading and leave the connection to its timers. */
function endOnNonsense(protocol: ProtocolHandler): void {
  const reset = protocol.resetOutbound.bind(protocol);
  // Called before each connection, which has a new parser.
  protocol.resetOutbound = () => {
    reset();
    const { parser } = protocol;
    const parse = parser.parse.bind(parser);
    parser.parse = (bytes) => {
      try {
        parse(bytes);
      } catch (error) {
        protocol.close(error instanceof Error ? error : new Error(String(error))).catch(() => {});
      }
    };
  };
}

/** Waits for a moment until the broker has what was published. */
export async function flush(connection: NatsConnection): Promise<void> {
  if (connection.isClosed()) return;
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, FLUSH_TIMEOUT_MS);
  await Promise.race([connection.flush().catch(() => {}), late.promise]);
  clearTimeout(timer);
}
