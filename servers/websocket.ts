// WebSockets (RFC 6455), plain and over TLS: our own accept loop, an HTTP request that is held
// against the rules for browsers, and a session.

import { acceptingServer } from "../core/accepting_server.ts";
import { formatAddress } from "../core/address.ts";
import { type Admission, createAdmission } from "../core/admission.ts";
import type { Acceptor } from "../core/connection.ts";
import { createCounters } from "../core/counters.ts";
import { type Endpoint, hostOrLoopback } from "../core/endpoint.ts";
import { errorText } from "../core/event.ts";
import { IdleSweep } from "../core/idle_sweep.ts";
import {
  admissionOptions,
  backlogOptions,
  type HandshakeLimits,
  handshakeOptions,
  type StreamLimits,
  streamOptions,
} from "../core/limits.ts";
import type { OptionValues } from "../core/option.ts";
import { familyOptions } from "../core/resolve.ts";
import {
  OpenSessions,
  type RunningServer,
  type ServerCertificate,
} from "../core/running_server.ts";
import type { SessionServerKind, SessionWork } from "../core/server_kind.ts";
import { CLOSE_CODE } from "../core/websocket_frame.ts";
import { checkSubprotocols, subprotocolOptions } from "../core/websocket_handshake.ts";
import { WebSocketSession } from "../core/websocket_session.ts";
import { createHostGuard, webGuardOptions } from "./host_guard.ts";
import { listenTcp } from "./tcp.ts";
import { listenNodeTls } from "./tls.ts";
import { tlsServerOptions } from "./tls_identity.ts";
import { type UpgradeRules, UpgradingConnection } from "./websocket_upgrade.ts";

const options = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...webGuardOptions,
  ...subprotocolOptions,
} as const;

const secureOptions = { ...options, ...tlsServerOptions } as const;

interface WebSocketServerOptions {
  readonly url: string;
  readonly acceptor: Acceptor;
  readonly admits: Admission;
  readonly limits: StreamLimits & HandshakeLimits;
  readonly rules: UpgradeRules;
  readonly work: SessionWork;
  readonly certificate?: ServerCertificate;
}

/** Serves until shut down. Takes the acceptor over. */
function serveWebSockets(options: WebSocketServerOptions): RunningServer {
  const { url, acceptor, limits, work } = options;
  const { emit } = work.context;
  const counters = createCounters();
  const sessions = new OpenSessions();
  const idle = new IdleSweep<WebSocketSession>(limits.idleTimeoutMs, (session) => {
    counters.idle++;
    session.close("idle");
  });

  async function serve(upgrading: UpgradingConnection): Promise<void> {
    const peer = formatAddress(upgrading.remote);
    const { outcome } = upgrading;
    if (outcome.connection === null) {
      counters.forbidden++;
      emit({ event: "denied", url, peer, reason: outcome.refusal });
      return;
    }
    counters.opened++;
    emit({ event: "opened", url, peer });
    const session = new WebSocketSession(outcome.connection, {
      role: "server",
      maxMessageBytes: limits.maxMessageBytes,
      counters,
      head: outcome.head,
    });
    sessions.add(session);
    idle.add(session);
    let thrown: unknown;
    try {
      await work.service.serve(session);
      await session.finish();
    } catch (error) {
      // That it could not go on because the peer has closed is no failure.
      if (session.peerClose === undefined) thrown = error;
      await session.finish(CLOSE_CODE.internalError);
    } finally {
      idle.delete(session);
      sessions.delete(session);
    }
    const failure = failureOf(session, thrown);
    if (failure !== undefined) counters.failed++;
    emit({
      event: "closed",
      url,
      peer,
      reason: session.reason ?? failure ?? farewellOf(session),
      bytesReceived: session.bytesReceived,
      bytesSent: session.bytesSent,
    });
  }

  return acceptingServer({
    url,
    acceptor: {
      address: acceptor.address,
      async accept() {
        const connection = await acceptor.accept();
        return connection === null
          ? null
          : new UpgradingConnection(connection, options.rules, work.layers);
      },
      [Symbol.dispose]: () => acceptor[Symbol.dispose](),
    },
    admits: options.admits,
    limits,
    certificate: options.certificate,
    counters,
    sessions,
    emit,
    serve,
    release: () => idle[Symbol.dispose](),
  });
}

/** What went wrong with a session, if anything did. That it could not go on because we closed it is
 * no failure. */
function failureOf(session: WebSocketSession, thrown: unknown): string | undefined {
  if (session.reason !== undefined) return undefined;
  if (session.failure !== undefined) return session.failure.message;
  return thrown === undefined ? undefined : errorText(thrown);
}

/** How a session that went well ended. */
function farewellOf({ peerClose }: WebSocketSession): string {
  if (peerClose === undefined) return "done";
  const { code, reason } = peerClose;
  if (code === CLOSE_CODE.normal || code === CLOSE_CODE.none) return "done";
  return `the peer closed with ${code}${reason === "" ? "" : ` ${JSON.stringify(reason)}`}`;
}

/** Opens a listener and serves on it. Whatever is wrong with the options, nothing stays open. */
async function start(
  endpoint: Endpoint,
  limits: OptionValues<typeof options>,
  work: SessionWork,
  listen: () => Promise<Pick<WebSocketServerOptions, "acceptor" | "url" | "certificate">>,
): Promise<RunningServer> {
  const admits = await createAdmission(limits);
  checkSubprotocols(limits.subprotocol);
  const { acceptor, url, certificate } = await listen();
  using opened = new DisposableStack();
  opened.use(acceptor);
  const server = { address: acceptor.address, hostname: hostOrLoopback(endpoint) };
  const { pathname } = new URL(`http://localhost${endpoint.path}`);
  const rules = {
    guard: createHostGuard(server, limits),
    path: pathname === "/" ? null : pathname,
    subprotocols: limits.subprotocol,
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
    start(endpoint, limits, work, () => listenTcp(endpoint, limits)),
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
