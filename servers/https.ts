// HTTPS: the same over TLS.

import { hostOrLoopback } from "../core/addresses/endpoint.ts";
import { handshakeOptions } from "../core/limits.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { findHttpEngine } from "./http/engine.ts";
import { httpOptions } from "./http/limits.ts";
import { loadNodeHttpEngine, nodeHttpEngineFor } from "./http/node_engine_choice.ts";
import { readHttpRules } from "./http/rules.ts";
import { serveHttp } from "./http/server.ts";
import { listenNodeTls, listenTls } from "./tls/listen.ts";
import { needsNodeTls, refuseOnOldRuntime, tlsOptions } from "./tls/options.ts";
import { loadTlsIdentity } from "./tls/server_certificate.ts";

const options = { ...httpOptions, ...handshakeOptions, ...tlsOptions } as const;

const ALPN = ["h2", "http/1.1"];

/** `https://host:port`: HTTP/2 where the client can, HTTP/1.1 elsewhere. */
export const https: RequestServerKind<typeof options> = {
  name: "https",
  summary: "HTTP/1.1 and HTTP/2 over TLS",
  addressing: "host",
  carries: "requests",
  options,
  async start(endpoint, limits, work) {
    refuseOnOldRuntime(limits);
    const rulesAt = await readHttpRules(endpoint, limits, work.context);
    const nodeEngine = needsNodeTls(limits) === null
      ? await nodeHttpEngineFor(work, "https")
      : await loadNodeHttpEngine("https");
    if (nodeEngine !== null) {
      const tls = { ...limits, alpnProtocols: ALPN };
      const listener = await listenNodeTls(endpoint, tls, work.context);
      using opened = new DisposableStack();
      opened.use(listener.acceptor);
      const rules = rulesAt(listener.acceptor.address);
      opened.move();
      return serveHttp(listener, { engine: nodeEngine, rules, limits, work });
    }
    const engine = findHttpEngine();
    if (engine === null) {
      const { serveWithoutEngine } = await import("./http/fallback.ts");
      const { cert, key, fingerprint } = await loadTlsIdentity(limits, {
        host: hostOrLoopback(endpoint),
        ...work.context,
      });
      const identity = { pem: cert, key, fingerprint };
      return await serveWithoutEngine(endpoint, limits, work, rulesAt, identity);
    }
    const listener = await listenTls(endpoint, { ...limits, alpnProtocols: ALPN }, work.context);
    using opened = new DisposableStack();
    opened.use(listener.acceptor);
    const rules = rulesAt(listener.acceptor.address);
    opened.move();
    return serveHttp(listener, { engine, rules, limits, work });
  },
};
