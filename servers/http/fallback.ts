// HTTP on Deno.serve, for a runtime whose engine cannot serve a connection that we accepted.
// Requests are held to the same rules; permits, admission and deadlines cannot apply before a
// request is complete.

import { type Address, addressOf } from "../../core/addresses/address.ts";
import {
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  listeningPort,
} from "../../core/addresses/endpoint.ts";
import { resolveHost } from "../../core/addresses/resolve.ts";
import type { RunningServer, ServerCertificate } from "../../core/running_server.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { type Drainable, Ledger } from "../../core/sessions/life.ts";
import { runningServer } from "../../core/sessions/server.ts";
import { HttpConnection } from "./connection.ts";
import { madeUpAuthority } from "./engine.ts";
import type { HttpLimits } from "./options.ts";
import type { HttpRules } from "./rules.ts";
import { httpSharing, stopSweeps } from "./server.ts";
import { listening } from "../listeners/listen_error.ts";

const LOST =
  "this runtime serves HTTP only by Deno.serve: addresses are turned away after a whole " +
  "request, and --max-connections, --header-timeout and --keep-alive-timeout have no effect";

/** The certificate of https; both in PEM. */
interface FallbackIdentity extends ServerCertificate {
  readonly key: string;
}

/** Serves until shut down.
 * @throws {Error} naming the URL and the cause when the socket cannot be opened */
export async function serveWithoutEngine(
  endpoint: Endpoint,
  limits: HttpLimits,
  work: RequestWork,
  rulesAt: (address: Address) => HttpRules,
  identity?: FallbackIdentity,
): Promise<RunningServer> {
  const { emit } = work.context;
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, limits);
  const named = { ...endpoint, hostname: host };
  const rules = rulesAt({ transport: "tcp", hostname, port });

  const closing = new AbortController();
  const server = await listening(
    formatEndpoint(named, port),
    port,
    () =>
      Deno.serve({
        hostname,
        port,
        tcpBacklog: limits.backlog,
        ...(identity !== undefined && { cert: identity.pem, key: identity.key }),
        signal: closing.signal,
        automaticCompression: false,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
        // The variables that `answer` uses are set below, before the first request can arrive.
        handler: (request, info) => answer(request, info),
      }),
  );
  const url = formatEndpoint(named, server.addr.port);
  const ledger = new Ledger(url, emit);
  const { sessions } = ledger;
  const shared = httpSharing(ledger, { rules, limits, work });
  // Over TLS a request may be of HTTP/2, whose authority must not be taken for a made-up one.
  const madeUp = identity === undefined ? madeUpAuthority({ localAddr: server.addr }) : null;

  function answer(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    const peer = addressOf(info.remoteAddr);
    if (!rules.admits(peer)) {
      ledger.denied(peer, "address");
      return new Response(null, { status: 403 });
    }
    // Each request counts as a connection of its own.
    const connection = new HttpConnection(shared, peer, madeUp);
    try {
      const response = connection.handle(request, info);
      if (response instanceof Response) return response;
      sessions.add(connection);
      const done = () => sessions.delete(connection);
      info.completed.then(done, done);
      return response;
    } catch (error) {
      return connection.recover(error);
    }
  }

  const abandoned = Promise.withResolvers<void>();
  let draining = false;
  const whole: Drainable = {
    drain() {
      draining = true;
      server.shutdown().catch(() => {});
    },
    close() {
      // Aborting a server that already shuts down would end the process.
      if (!draining) closing.abort();
      sessions.delete(whole);
      abandoned.resolve();
    },
  };
  sessions.add(whole);
  emit({ event: "notice", url, text: LOST });
  return runningServer({
    listening: { url, certificate: identity },
    ledger,
    stopListening: () => {},
    loop: Promise.race([server.finished, abandoned.promise]).finally(() => sessions.delete(whole)),
    release: () => stopSweeps(shared),
  });
}
