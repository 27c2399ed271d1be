// HTTPS: the same over TLS.

import { createAdmission } from "../core/admission.ts";
import { hostOrLoopback } from "../core/endpoint.ts";
import { handshakeOptions } from "../core/limits.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { createHostGuard } from "./host_guard.ts";
import { findHttpEngine } from "./http_engine.ts";
import { httpOptions } from "./http_limits.ts";
import { serveHttp } from "./http_server.ts";
import { listenTls } from "./tls.ts";
import { loadTlsIdentity, tlsServerOptions } from "./tls_identity.ts";

const options = { ...httpOptions, ...handshakeOptions, ...tlsServerOptions } as const;

/** `https://host:port`: HTTP/2 where the client can, HTTP/1.1 elsewhere. */
export const https: RequestServerKind<typeof options> = {
  name: "https",
  summary: "HTTP/1.1 and HTTP/2 over TLS",
  addressing: "host",
  carries: "requests",
  options,
  async start(endpoint, limits, work) {
    const admits = await createAdmission(limits);
    const engine = findHttpEngine();
    if (engine === null) {
      const { serveWithoutEngine } = await import("./http_fallback.ts");
      const { cert, key, fingerprint } = await loadTlsIdentity(limits, {
        host: hostOrLoopback(endpoint),
        ...work.context,
      });
      const identity = { pem: cert, key, fingerprint };
      return await serveWithoutEngine(endpoint, limits, work, admits, identity);
    }
    const { acceptor, url, certificate } = await listenTls(
      endpoint,
      { ...limits, alpnProtocols: ["h2", "http/1.1"] },
      work.context,
    );
    using opened = new DisposableStack();
    opened.use(acceptor);
    const guard = createHostGuard(
      { address: acceptor.address, hostname: hostOrLoopback(endpoint) },
      limits,
    );
    opened.move();
    return serveHttp({ url, acceptor, certificate, engine, admits, guard, limits, work });
  },
};
