// HTTP, on Deno's engine over connections that our own loop accepted.

import { createAdmission } from "../core/admission.ts";
import { hostOrLoopback } from "../core/endpoint.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { createHostGuard } from "./host_guard.ts";
import { findHttpEngine } from "./http_engine.ts";
import { httpOptions } from "./http_limits.ts";
import { serveHttp } from "./http_server.ts";
import { listenTcp } from "./tcp.ts";

/** `http://host:port`: HTTP/1.1, and HTTP/2 for clients that begin with it. */
export const http: RequestServerKind<typeof httpOptions> = {
  name: "http",
  summary: "HTTP/1.1 and HTTP/2 without encryption",
  addressing: "host",
  carries: "requests",
  options: httpOptions,
  async start(endpoint, limits, work) {
    const admits = await createAdmission(limits);
    const engine = findHttpEngine();
    if (engine === null) {
      const { serveWithoutEngine } = await import("./http_fallback.ts");
      return await serveWithoutEngine(endpoint, limits, work, admits);
    }
    const { acceptor, url } = await listenTcp(endpoint, limits);
    using opened = new DisposableStack();
    opened.use(acceptor);
    const guard = createHostGuard(
      { address: acceptor.address, hostname: hostOrLoopback(endpoint) },
      limits,
    );
    opened.move();
    return serveHttp({ url, acceptor, engine, admits, guard, limits, work });
  },
};
