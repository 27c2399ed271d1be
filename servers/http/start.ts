// Starts HTTP over TCP, TLS and Unix sockets, and chooses the engine for the connections of our own
// accept loop: Deno's engine, or node:http for an application with WebSockets or ready answers, for
// options of TLS that Deno lacks, and on Unix sockets, where Deno's engine gives requests URLs of a
// scheme of its own.

import { type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { RunningServer } from "../../core/running_server.ts";
import { hasFeature, requireFeature } from "../../core/runtime.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { listenTcp } from "../tcp.ts";
import { listenDenoTls } from "../tls/deno_listen_tls.ts";
import { listenTls } from "../tls/listen.ts";
import { checkTlsOptions } from "../tls/options.ts";
import { loadTlsIdentity } from "../tls/server_certificate.ts";
import { listenUnix } from "../unix.ts";
import { findHttpEngine } from "./engine.ts";
import { loadNodeHttpEngine, nodeHttpEngineFor, quickEngineFor } from "./node_engine_choice.ts";
import type { HttpLimits, httpsOptions, httpUnixOptions } from "./options.ts";
import { readHttpRules } from "./rules.ts";
import { serveHttp } from "./server.ts";

export async function startHttp(
  endpoint: Endpoint,
  limits: HttpLimits,
  work: RequestWork,
): Promise<RunningServer> {
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  const denoEngine = findHttpEngine();
  const nodeEngine = await nodeHttpEngineFor(work, "http");
  if (denoEngine === null && nodeEngine === null) {
    const { serveWithoutEngine } = await import("./fallback.ts");
    return await serveWithoutEngine(endpoint, limits, work, rulesAt);
  }
  const listener = await listenTcp(endpoint, limits);
  using opened = new DisposableStack();
  opened.use(listener.acceptor);
  const rules = rulesAt(listener.acceptor.address);
  const engine = await quickEngineFor(work, rules, "http") ?? nodeEngine ?? denoEngine!;
  opened.move();
  return serveHttp(listener, { engine, rules, limits, work });
}

const ALPN = ["h2", "http/1.1"];

export async function startHttps(
  endpoint: Endpoint,
  limits: OptionValues<typeof httpsOptions>,
  work: RequestWork,
): Promise<RunningServer> {
  checkTlsOptions(limits);
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  const byDeno = limits.listener === "deno" || !hasFeature("nodeTls");
  if (!byDeno) {
    const tls = { ...limits, alpnProtocols: ALPN };
    const listener = await listenTls(endpoint, tls, work.context);
    const rules = rulesAt(listener.acceptor.address);
    const engine = await quickEngineFor(work, rules, "https") ?? await loadNodeHttpEngine("https");
    return serveHttp(listener, { engine, rules, limits, work });
  }
  const engine = findHttpEngine();
  if (engine === null) {
    const { serveWithoutEngine } = await import("./fallback.ts");
    const { cert, key, fingerprint } = await loadTlsIdentity(limits, {
      host: hostOrLoopback(endpoint),
      ...work.context,
    });
    const identity = { pem: cert, key, fingerprint };
    return await serveWithoutEngine(endpoint, limits, work, rulesAt, identity);
  }
  const listener = await listenDenoTls(endpoint, { ...limits, alpnProtocols: ALPN }, work.context);
  const rules = rulesAt(listener.acceptor.address);
  return serveHttp(listener, { engine, rules, limits, work });
}

export async function startHttpUnix(
  endpoint: Endpoint,
  limits: OptionValues<typeof httpUnixOptions>,
  work: RequestWork,
): Promise<RunningServer> {
  const everybody = { allow: [], deny: [] };
  const rulesAt = await readHttpRules(endpoint, { ...limits, ...everybody }, work.context);
  requireFeature("nodeHttp", "HTTP on a Unix socket");
  const engine = await loadNodeHttpEngine("http");
  const listener = await listenUnix(endpoint);
  const rules = rulesAt(listener.acceptor.address);
  return serveHttp(listener, { engine, rules, limits, work });
}
