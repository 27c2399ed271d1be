// HTTP over TCP: on Deno's engine over connections that our own loop accepted, or on node:http for an
// application that has WebSockets or answers that lie ready.

import type { RequestServerKind } from "../core/server_kind.ts";
import { findHttpEngine } from "./http/engine.ts";
import { nodeHttpEngineFor, quickEngineFor } from "./http/node_engine_choice.ts";
import { httpOptions } from "./http/limits.ts";
import { readHttpRules } from "./http/rules.ts";
import { serveHttp } from "./http/server.ts";
import { listenTcp } from "./tcp.ts";

/** `http://host:port`: HTTP/1.1, and HTTP/2 for clients that begin with it. */
export const http: RequestServerKind<typeof httpOptions> = {
  name: "http",
  summary: "HTTP/1.1 and HTTP/2 without encryption",
  addressing: "host",
  carries: "requests",
  options: httpOptions,
  async start(endpoint, limits, work) {
    const rulesAt = await readHttpRules(endpoint, limits, work.context);
    const denoEngine = findHttpEngine();
    const nodeEngine = await nodeHttpEngineFor(work, "http");
    if (denoEngine === null && nodeEngine === null) {
      const { serveWithoutEngine } = await import("./http/fallback.ts");
      return await serveWithoutEngine(endpoint, limits, work, rulesAt);
    }
    const listener = await listenTcp(endpoint, limits);
    using opened = new DisposableStack();
    opened.use(listener.acceptor);
    const rules = rulesAt(listener.acceptor.address);
    const engine = await quickEngineFor(work, rules) ?? nodeEngine ?? denoEngine!;
    opened.move();
    return serveHttp(listener, { engine, rules, limits, work });
  },
};
