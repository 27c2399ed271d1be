// Serving sessions over WebSockets (RFC 6455): our own accept loop, then the HTTP upgrade with the
// rules for browsers, then a session.

import type { Admission } from "../../core/addresses/admission.ts";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import type { Connection } from "../../core/connection.ts";
import { layerStream } from "../../core/layer.ts";
import type { HandshakeLimits, StreamLimits } from "../../core/limits.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { Listener, RunningServer } from "../../core/running_server.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import type { Session } from "../../core/session.ts";
import { Ledger } from "../../core/sessions/life.ts";
import { acceptingServer } from "../../core/streams/accept_loop.ts";
import { checkSubprotocols } from "../../core/websocket/handshake.ts";
import type { KeepaliveLimits } from "../../core/websocket/options.ts";
import { WebSocketSessions } from "../../core/websocket/sessions.ts";
import { readHttpRules } from "../access/rules.ts";
import { wrapAcceptor } from "../listeners/wrapped_acceptor.ts";
import { listenTcpFor } from "../tcp.ts";
import { listenTls } from "../tls/listen.ts";
import type { webSocketOptions, webSocketTlsOptions } from "./options.ts";
import { type UpgradeRules, UpgradingConnection } from "./upgrade.ts";

/** Serves until shut down. Takes the acceptor over. */
function serveWebSockets(
  { acceptor, ...listening }: Listener,
  limits: StreamLimits & HandshakeLimits & KeepaliveLimits,
  { admits, ...rules }: UpgradeRules & { readonly admits: Admission },
  { service, layers, context }: SessionWork,
): RunningServer {
  const ledger = new Ledger(listening.url, context.emit, context.traffic);
  const { counters } = ledger;
  const wrap = (connection: Connection) =>
    layerStream(connection, layers, { role: "listen" }, { counters });
  const webSockets = new WebSocketSessions(ledger, limits);
  const speak = (session: Session) => service.serve(session);
  return acceptingServer<UpgradingConnection>({
    ...listening,
    acceptor: wrapAcceptor(acceptor, (wire) => new UpgradingConnection(wire, rules, wrap)),
  }, {
    admits,
    limits,
    ledger,
    async serve({ outcome, remote }) {
      if (outcome.connection === null) {
        ledger.denied(remote, outcome.refusal, outcome.counter);
        return;
      }
      const { connection, head, agreement: { deflate } } = outcome;
      await webSockets.serve(connection, { head, deflate }, speak);
    },
    release: () => webSockets[Symbol.dispose](),
  });
}

/** Opens a listener, once all options are checked, and serves on it. */
async function open(
  endpoint: Endpoint,
  limits: OptionValues<typeof webSocketOptions>,
  work: SessionWork,
  listen: () => Promise<Listener>,
): Promise<RunningServer> {
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  checkSubprotocols(limits.subprotocol);
  const { pathname } = new URL(`http://localhost${endpoint.path}`);
  const listener = await listen();
  const rules: UpgradeRules & { readonly admits: Admission } = {
    ...rulesAt(listener.acceptor.address),
    path: pathname === "/" ? null : pathname,
    scheme: endpoint.scheme === "wss" ? "wss" : "ws",
    terms: limits,
  };
  return serveWebSockets(listener, limits, rules, work);
}

export function serveWebSocket(
  endpoint: Endpoint,
  limits: OptionValues<typeof webSocketOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  return open(endpoint, limits, work, () => listenTcpFor(work.layers, endpoint, limits));
}

export function serveWebSocketTls(
  endpoint: Endpoint,
  limits: OptionValues<typeof webSocketTlsOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  return open(endpoint, limits, work, () => listenTls(endpoint, limits, work.context));
}
