// Starts HTTP over TCP, TLS and Unix sockets: by our own engine, or by Deno.serve where that is
// chosen.

import type { Endpoint } from "../../core/addresses/endpoint.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { listenTcpFor } from "../tcp.ts";
import { listenTls } from "../tls/listen.ts";
import { checkTlsOptions } from "../tls/options.ts";
import { listenUnix } from "../unix.ts";
import type { httpOptions, httpsOptions, httpUnixOptions } from "./options.ts";
import { readHttpRules } from "../access/rules.ts";
import { serveHttp } from "./server.ts";

export async function startHttp(
  endpoint: Endpoint,
  limits: OptionValues<typeof httpOptions>,
  work: RequestWork,
): Promise<RunningServer> {
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  if (limits.listener === "deno") {
    const { serveByDeno } = await import("./deno_serve.ts");
    return await serveByDeno(endpoint, limits, work, rulesAt);
  }
  const listener = await listenTcpFor(work.layers, endpoint, limits);
  const rules = rulesAt(listener.acceptor.address);
  return serveHttp(listener, { scheme: "http", rules, limits, work });
}

export async function startHttps(
  endpoint: Endpoint,
  limits: OptionValues<typeof httpsOptions>,
  work: RequestWork,
): Promise<RunningServer> {
  checkTlsOptions(limits);
  const rulesAt = await readHttpRules(endpoint, limits, work.context);
  if (limits.listener === "deno") {
    const { serveByDeno } = await import("./deno_serve.ts");
    return await serveByDeno(endpoint, limits, work, rulesAt, limits);
  }
  // `curl --http1.0` offers its own version alone.
  const tls = { ...limits, alpnProtocols: ["h2", "http/1.1", "http/1.0"] };
  const listener = await listenTls(endpoint, tls, work.context);
  const rules = rulesAt(listener.acceptor.address);
  return serveHttp(listener, { scheme: "https", rules, limits, work });
}

export async function startHttpUnix(
  endpoint: Endpoint,
  limits: OptionValues<typeof httpUnixOptions>,
  work: RequestWork,
): Promise<RunningServer> {
  const everybody = { allow: [], deny: [] };
  const rulesAt = await readHttpRules(endpoint, { ...limits, ...everybody }, work.context);
  const listener = await listenUnix(endpoint);
  const rules = rulesAt(listener.acceptor.address);
  return serveHttp(listener, { scheme: "http", rules, limits, work });
}
