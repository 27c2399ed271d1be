// WebSockets (RFC 6455), plain and over TLS: our own accept loop, an HTTP request that is held
// against the rules for browsers, and a session.

import { acceptingServer } from "../core/streams/accepting_server.ts";
import { formatAddress } from "../core/addresses/address.ts";
import type { Admission } from "../core/addresses/admission.ts";
import type { Acceptor, Connection } from "../core/connection.ts";
import { createCounters } from "../core/counters.ts";
import type { Endpoint } from "../core/addresses/endpoint.ts";
import {
  admissionOptions,
  backlogOptions,
  type HandshakeLimits,
  handshakeOptions,
  type StreamLimits,
  streamOptions,
} from "../core/limits.ts";
import { layerStream } from "../core/layer.ts";
import type { OptionValues } from "../core/options/option.ts";
import { familyOptions } from "../core/addresses/resolve.ts";
import {
  OpenSessions,
  type RunningServer,
  type ServerCertificate,
} from "../core/running_server.ts";
import type { SessionServerKind, SessionWork } from "../core/server_kind.ts";
import { agreementOptions, checkSubprotocols } from "../core/websocket/handshake.ts";
import { type KeepaliveLimits, keepaliveOptions } from "../core/websocket/keepalive.ts";
import { authenticationOptions } from "./http/authentication.ts";
import { webGuardOptions } from "./http/host_guard.ts";
import { readHttpRules } from "./http/rules.ts";
import { listenTcpFor } from "./tcp.ts";
import { listenNodeTls } from "./tls.ts";
import { tlsOptions } from "./tls/contexts.ts";
import { WebSocketSessions } from "../core/websocket/sessions.ts";
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

interface WebSocketServerOptions {
  readonly url: string;
  readonly acceptor: Acceptor;
  readonly admits: Admission;
  readonly limits: StreamLimits & HandshakeLimits & KeepaliveLimits;
  readonly rules: UpgradeRules;
  readonly work: SessionWork;
  readonly certificate?: ServerCertificate;
  /** Takes up changed certificate files. */
  readonly reload?: (() => Promise<void>) | undefined;
}

/** Serves until shut down. Takes the acceptor over. */
function serveWebSockets(options: WebSocketServerOptions): RunningServer {
  const { url, acceptor, limits, work } = options;
  const { emit } = work.context;
  const counters = createCounters();
  const sessions = new OpenSessions();
  const wrap = (connection: Connection) =>
    layerStream(connection, work.layers, { role: "listen" }, { counters });
  const webSockets = new WebSocketSessions({ url, limits, counters, sessions, emit });

  async function serve(upgrading: UpgradingConnection): Promise<void> {
    const { outcome } = upgrading;
    if (outcome.connection === null) {
      counters[outcome.counter]++;
      const peer = formatAddress(upgrading.remote);
      emit({ event: "denied", url, peer, reason: outcome.refusal });
      return;
    }
    const { connection, head, agreement } = outcome;
    await webSockets.serve(
      connection,
      { head, deflate: agreement.deflate },
      (session) => work.service.serve(session),
    );
  }

  return acceptingServer({
    url,
    acceptor: {
      address: acceptor.address,
      async accept() {
        const connection = await acceptor.accept();
        return connection === null
          ? null
          : new UpgradingConnection(connection, options.rules, wrap);
      },
      [Symbol.dispose]: () => acceptor[Symbol.dispose](),
    },
    admits: options.admits,
    limits,
    certificate: options.certificate,
    reload: options.reload,
    counters,
    sessions,
    emit,
    serve,
    release: () => webSockets[Symbol.dispose](),
  });
}

/** Opens a listener and serves on it. Whatever is wrong with the options, nothing stays open. */
async function start(
  endpoint: Endpoint,
  limits: OptionValues<typeof options>,
  work: SessionWork,
  listen: () => Promise<
    Pick<WebSocketServerOptions, "acceptor" | "url" | "certificate" | "reload">
  >,
): Promise<RunningServer> {
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  checkSubprotocols(limits.subprotocol);
  const { acceptor, url, certificate, reload } = await listen();
  using opened = new DisposableStack();
  opened.use(acceptor);
  const { pathname } = new URL(`http://localhost${endpoint.path}`);
  const { admits, guard, authenticate } = rulesAt(acceptor.address);
  const rules = {
    guard,
    authenticate,
    path: pathname === "/" ? null : pathname,
    terms: limits,
  };
  opened.move();
  return serveWebSockets({
    url,
    acceptor,
    admits,
    limits,
    rules,
    work,
    ...(certificate && { certificate }),
    reload,
  });
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
