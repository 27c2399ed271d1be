// Serving an HTTP application on any stream listener: what http and https share.

import { acceptingServer } from "../core/accepting_server.ts";
import type { Admission } from "../core/admission.ts";
import { createCounters } from "../core/counters.ts";
import type { DenoConnection } from "../core/deno_connection.ts";
import { IdleSweep } from "../core/idle_sweep.ts";
import type { HandshakeLimits } from "../core/limits.ts";
import {
  OpenSessions,
  type RunningServer,
  type ServerCertificate,
} from "../core/running_server.ts";
import type { RequestWork } from "../core/server_kind.ts";
import type { DenoAcceptor } from "./deno_acceptor.ts";
import type { HostGuard } from "./host_guard.ts";
import { HttpConnection, type HttpSharing } from "./http_connection.ts";
import { authorityMadeUpOn, type HttpEngine } from "./http_engine.ts";
import type { HttpLimits } from "./http_limits.ts";
import type { RequestBody } from "./request_body.ts";

/** What an HTTP server is made of. */
export interface HttpServerOptions<C extends Deno.Conn> {
  readonly url: string;
  readonly acceptor: DenoAcceptor<C>;
  readonly certificate?: ServerCertificate;
  readonly engine: HttpEngine;
  readonly admits: Admission;
  readonly guard: HostGuard;
  readonly limits: HttpLimits & Partial<HandshakeLimits>;
  readonly work: RequestWork;
}

/** Serves until shut down. Takes the acceptor over. */
export function serveHttp<C extends Deno.Conn>(options: HttpServerOptions<C>): RunningServer {
  const { url, acceptor, engine, limits, work } = options;
  const { emit } = work.context;
  const sessions = new OpenSessions();
  const shared = httpSharing(options);
  const { counters } = shared;

  async function serve({ conn, remote }: DenoConnection<C>): Promise<void> {
    const madeUp = await authorityMadeUpOn(conn);
    const connection = new HttpConnection(shared, remote, madeUp);
    counters.opened++;
    const served = connection.attach(engine(conn, connection.handle, connection.recover));
    sessions.add(connection);
    try {
      await served;
    } finally {
      sessions.delete(connection);
    }
  }

  return acceptingServer({
    url,
    acceptor,
    admits: options.admits,
    limits,
    certificate: options.certificate,
    counters,
    sessions,
    emit,
    serve,
    release: () => stopSweeps(shared),
  });
}

/** What the connections of one server share. Its sweeps run until `stopSweeps`. */
export function httpSharing(
  { url, guard, limits, work }: {
    readonly url: string;
    readonly guard: HostGuard;
    readonly limits: HttpLimits;
    readonly work: RequestWork;
  },
): HttpSharing {
  const counters = createCounters();
  return {
    url,
    service: work.service,
    guard,
    maxBodyBytes: limits.maxBodyBytes,
    counters,
    emit: work.context.emit,
    watch: work.watch ?? false,
    silent: new IdleSweep<HttpConnection>(limits.headerTimeoutMs, (connection) => {
      counters.timedOut++;
      connection.close();
    }),
    resting: new IdleSweep<HttpConnection>(limits.keepAliveTimeoutMs, (connection) => {
      counters.idle++;
      connection.close();
    }),
    bodies: new IdleSweep<RequestBody>(limits.bodyTimeoutMs, (body) => body.stall()),
  };
}

/** Ends the watch on what is quiet. */
export function stopSweeps({ silent, resting, bodies }: HttpSharing): void {
  for (const sweep of [silent, resting, bodies]) sweep[Symbol.dispose]();
}
