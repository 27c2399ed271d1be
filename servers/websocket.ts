// WebSockets (RFC 6455), plain and over TLS: our own accept loop, an HTTP request that is held
// against the rules for browsers, and a session.

import type { Admission } from "../core/addresses/admission.ts";
import type { Endpoint } from "../core/addresses/endpoint.ts";
import { familyOptions } from "../core/addresses/resolve.ts";
import type { Connection } from "../core/connection.ts";
import { layerStream } from "../core/layer.ts";
import {
  admissionOptions,
  backlogOptions,
  type HandshakeLimits,
  handshakeOptions,
  type StreamLimits,
  streamOptions,
} from "../core/limits.ts";
import type { OptionValues } from "../core/options/option.ts";
import type { Listener, RunningServer } from "../core/running_server.ts";
import type { SessionServerKind, SessionWork } from "../core/server_kind.ts";
import type { Session } from "../core/session.ts";
import { Ledger } from "../core/session_life.ts";
import { acceptingServer } from "../core/streams/accept_loop.ts";
import { agreementOptions, checkSubprotocols } from "../core/websocket/handshake.ts";
import { type KeepaliveLimits, keepaliveOptions } from "../core/websocket/keepalive.ts";
import { WebSocketSessions } from "../core/websocket/sessions.ts";
import { authenticationOptions } from "./http/authentication.ts";
import { webGuardOptions } from "./http/host_guard.ts";
import { readHttpRules } from "./http/rules.ts";
import { wrapAcceptor } from "./listeners/wrapped_acceptor.ts";
import { listenTcpFor } from "./tcp.ts";
import { listenNodeTls } from "./tls/listen.ts";
import { tlsOptions } from "./tls/options.ts";
import { type UpgradeRules, UpgradingConnection } from "./websocket/upgrade.ts";

const options = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...webGuardOptions,
  ...authenticationOptions,
  ...agreementOptions,
  ...keepaliveOptions,
} as const;

const secureOptions = { ...options, ...tlsOptions } as const;

/** Serves until shut down. Takes the acceptor over. */
function serveWebSockets(
  { acceptor, ...listening }: Listener,
  limits: StreamLimits & HandshakeLimits & KeepaliveLimits,
  { admits, ...rules }: UpgradeRules & { readonly admits: Admission },
  { service, layers, context }: SessionWork,
): RunningServer {
  const ledger = new Ledger(listening.url, context.emit);
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

/** Opens a listener and serves on it. Whatever is wrong with the options, nothing stays open. */
async function start(
  endpoint: Endpoint,
  limits: OptionValues<typeof options>,
  work: SessionWork,
  listen: () => Promise<Listener>,
): Promise<RunningServer> {
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  checkSubprotocols(limits.subprotocol);
  const listener = await listen();
  using opened = new DisposableStack();
  opened.use(listener.acceptor);
  const { pathname } = new URL(`http://localhost${endpoint.path}`);
  const rules = {
    ...rulesAt(listener.acceptor.address),
    path: pathname === "/" ? null : pathname,
    terms: limits,
  };
  opened.move();
  return serveWebSockets(listener, limits, rules, work);
}

/** `ws://host:port/path`. With a path, that is the only one there is. */
export const ws: SessionServerKind<typeof options> = {
  name: "ws",
  summary: "WebSocket, messages that browsers can send",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options,
  start: (endpoint, limits, work) =>
    start(endpoint, limits, work, () => listenTcpFor(work.layers, endpoint, limits)),
};

/** `wss://host:port/path`, the same over TLS. */
export const wss: SessionServerKind<typeof secureOptions> = {
  name: "wss",
  summary: "WebSocket over TLS",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options: secureOptions,
  start: (endpoint, limits, work) =>
    start(endpoint, limits, work, () => listenNodeTls(endpoint, limits, work.context)),
};
