// `--listener deno`: HTTP on Deno.serve as it is. Requests are held to the same rules once Deno has
// read them; what can only be kept before that is said, or refused where it would protect somebody.

import { type Address, addressOf, bracket } from "../../core/addresses/address.ts";
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
import { keyLogWarning } from "../../core/tls/key_log.ts";
import { UsageError } from "../../core/usage_error.ts";
import { refuseAdopted } from "../listeners/adopt.ts";
import { listening } from "../listeners/listen_error.ts";
import { needsNodeTls, type TlsSettings } from "../tls/options.ts";
import { loadTlsIdentity } from "../tls/server_certificate.ts";
import { DenoRequests } from "./deno_requests.ts";
import type { HttpLimits } from "./options.ts";
import type { HttpRules } from "../access/rules.ts";
import { HttpSite } from "./site.ts";

const LOST =
  "Deno.serve (--listener deno): addresses are turned away only after a whole request, and " +
  "--max-connections, --header-timeout and --keep-alive-timeout have no effect";

/** Serves until shut down.
 * @param tls its options, for https
 * @throws {UsageError} when an option cannot be kept
 * @throws {Error} naming the URL and the cause when the socket cannot be opened */
export async function serveByDeno(
  endpoint: Endpoint,
  limits: HttpLimits,
  work: RequestWork,
  rulesAt: (address: Address) => HttpRules,
  tls?: TlsSettings,
): Promise<RunningServer> {
  refuseWhatCannotBeKept(work, tls);
  refuseAdopted(endpoint, "Deno.serve");
  const { context } = work;
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, limits);
  const named = { ...endpoint, hostname: host };
  const identity = tls && await loadTlsIdentity(tls, { host, ...context });

  const closing = new AbortController();
  const server = await listening(
    formatEndpoint(named, port),
    port,
    () =>
      Deno.serve({
        hostname,
        port,
        tcpBacklog: limits.backlog,
        ...(identity && { cert: identity.cert, key: identity.key }),
        signal: closing.signal,
        automaticCompression: false,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
        // The variables that `answer` uses are set below, before the first request can arrive.
        handler: (request, info) => answer(request, info),
      }),
  );
  const url = formatEndpoint(named, server.addr.port);
  const ledger = new Ledger(url, context.emit, context.traffic);
  const { sessions } = ledger;
  const rules = rulesAt(addressOf(server.addr));
  const site = new HttpSite(ledger, { rules, limits, work });
  const requests = new DenoRequests(site, () => {});
  // Over TLS a request may be of HTTP/2, whose authority must not be taken for a made-up one.
  const madeUpAuthority = identity === undefined ? authorityOf(server.addr) : null;

  function answer(
    request: Request,
    deno: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    const peer = addressOf(deno.remoteAddr);
    if (!rules.admits(peer)) {
      ledger.denied(peer, "address");
      return new Response(null, { status: 403 });
    }
    return requests.answer({
      request,
      url: request.url,
      deno,
      info: { peer, serverUrl: url },
      madeUpAuthority,
    });
  }

  const abandoned = Promise.withResolvers<void>();
  let draining = false;
  const whole: Drainable = {
    drain() {
      draining = true;
      requests.drain();
      server.shutdown().catch(() => {});
    },
    close() {
      requests.close();
      // Aborting a server that already shuts down would end the process.
      if (!draining) closing.abort();
      sessions.delete(whole);
      abandoned.resolve();
    },
  };
  sessions.add(whole);
  for (const text of [LOST, identity && keyLogWarning()]) {
    if (text) context.emit?.({ event: "notice", text }, { serverUrl: url });
  }
  const certificate: ServerCertificate | undefined = identity &&
    { pem: identity.cert, fingerprint: identity.fingerprint };
  return runningServer({
    listening: { url, certificate },
    address: addressOf(server.addr),
    ledger,
    stopListening: () => {},
    loop: Promise.race([server.finished, abandoned.promise]).finally(() => sessions.delete(whole)),
    release: () => site[Symbol.dispose](),
  });
}

/** @throws {UsageError} naming what cannot be kept */
function refuseWhatCannotBeKept({ layers, service, name }: RequestWork, tls?: TlsSettings) {
  const what = layers.length > 0
    ? `the layer ${layers[0]!.name}`
    : service.upgrade !== undefined
    ? `the WebSockets of ${name}`
    : tls && needsNodeTls(tls);
  if (!what) return;
  throw new UsageError(`--listener deno cannot serve with ${what}; leave it away`);
}

/** The authority that Deno makes up for a request without a Host: none for the port of the scheme. */
function authorityOf({ hostname, port }: Deno.NetAddr): string {
  const isOurs = /^127\.|^::1$|^0\.0\.0\.0$|^::$/.test(hostname);
  const host = isOurs ? "localhost" : bracket(hostname);
  return port === 80 ? host : `${host}:${port}`;
}
