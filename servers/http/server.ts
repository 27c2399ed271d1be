// Serving an HTTP application on a stream listener: shared by `http`, `https` and `unix`.

import type { Connection } from "../../core/connection.ts";
import { IdleSweep } from "../../core/sessions/idle_sweep.ts";
import type { HandshakeLimits } from "../../core/limits.ts";
import type { Listener, RunningServer } from "../../core/running_server.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { Ledger } from "../../core/sessions/life.ts";
import { acceptingServer } from "../../core/streams/accept_loop.ts";
import { keepaliveOptions } from "../../core/websocket/options.ts";
import { authenticated } from "./authentication.ts";
import { HttpConnection, type HttpSharing } from "./connection.ts";
import type { HttpEngine } from "./engine.ts";
import type { RequestLimits } from "./options.ts";
import type { HttpRules } from "./rules.ts";
import { upgradeHttp } from "./upgrade.ts";
import type { RequestBody } from "./request_body.ts";
import { WebSocketSessions } from "../../core/websocket/sessions.ts";

/** Default limit of a request body, unless the user or the application sets one. */
const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;

/** WebSockets within an application are pinged as those of the WebSocket transports are. */
const keepaliveDefaults = {
  pingIntervalMs: keepaliveOptions.pingIntervalMs.fallback,
  pingTimeoutMs: keepaliveOptions.pingTimeoutMs.fallback,
};

interface HttpServerOptions<C extends Connection> {
  readonly engine: HttpEngine<C>;
  readonly rules: HttpRules;
  readonly limits: RequestLimits & Partial<HandshakeLimits> & { readonly maxConnections: number };
  readonly work: RequestWork;
}

/** Serves until shut down. Takes ownership of the acceptor. */
export function serveHttp<C extends Connection>(
  listener: Listener<C>,
  { engine, rules, limits, work }: HttpServerOptions<C>,
): RunningServer {
  const ledger = new Ledger(listener.url, work.context.emit);
  const { sessions, counters } = ledger;
  const shared = httpSharing(ledger, { rules, limits, work });
  const webSockets = new WebSocketSessions(ledger, {
    ...keepaliveDefaults,
    idleTimeoutMs: limits.keepAliveTimeoutMs,
    maxMessageBytes: shared.maxBodyBytes,
  });

  async function serve(connection: C): Promise<void> {
    const madeUp = await engine.madeUpAuthority(connection);
    const http = new HttpConnection(shared, connection.remote, madeUp, connection.identity);
    counters.opened++;
    const { handle, handleDetailed, quick, recover } = http;
    const served = engine.serve(connection, {
      handle,
      handleDetailed,
      quick,
      recover,
      writeTimeoutMs: limits.keepAliveTimeoutMs,
      // From here on the connection is a session.
      upgrade: (upgrade) => upgradeHttp(upgrade, http, webSockets, () => sessions.delete(http)),
    });
    sessions.add(http);
    try {
      await http.attach(served);
    } finally {
      sessions.delete(http);
    }
  }

  return acceptingServer(listener, {
    admits: rules.admits,
    limits,
    ledger,
    serve,
    release() {
      stopSweeps(shared);
      webSockets[Symbol.dispose]();
    },
  });
}

/** Creates the state that the connections of one server share. Its sweeps run until `stopSweeps`. */
export function httpSharing(
  ledger: Ledger,
  { rules, limits, work }: {
    readonly rules: HttpRules;
    readonly limits: RequestLimits;
    readonly work: RequestWork;
  },
): HttpSharing {
  return {
    ledger,
    service: authenticated(work.service, rules.authenticate, ledger),
    guard: rules.guard,
    maxBodyBytes: limits.maxBodyBytes ?? work.service.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    watch: work.watch ?? false,
    silent: new IdleSweep<HttpConnection>(limits.headerTimeoutMs, (connection) => {
      ledger.counters.timedOut++;
      connection.close();
    }),
    resting: new IdleSweep<HttpConnection>(
      limits.keepAliveTimeoutMs,
      (connection) => ledger.closeIdle(connection),
    ),
    bodies: new IdleSweep<RequestBody>(limits.bodyTimeoutMs, (body) => body.stall()),
  };
}

export function stopSweeps({ silent, resting, bodies }: HttpSharing): void {
  for (const sweep of [silent, resting, bodies]) sweep[Symbol.dispose]();
}
