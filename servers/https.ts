// The server transport `https`: HTTP over TLS.

import { handshakeOptions } from "../core/limits.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { httpOptions } from "./http/options.ts";
import { tlsOptions } from "./tls/options.ts";

/** Options of `https`. */
export const httpsOptions = { ...httpOptions, ...handshakeOptions, ...tlsOptions } as const;

/** `https://host:port`: HTTP/2 where the client can, HTTP/1.1 elsewhere. */
export const https: RequestServerKind<typeof httpsOptions> = {
  name: "https",
  summary: "HTTP/1.1 and HTTP/2 over TLS",
  addressing: "host",
  carries: "requests",
  options: httpsOptions,
  start: async (...serve) => (await import("./http/start.ts")).startHttps(...serve),
};
