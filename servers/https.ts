// The server transport `https`: HTTP over TLS.

import { authenticationNeeds } from "./access/options.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { httpsOptions } from "./http/options.ts";

/** `https://host:port`: HTTP/2 where the client can, HTTP/1.1 elsewhere. */
export const https: RequestServerKind<typeof httpsOptions> = {
  name: "https",
  summary: "HTTP/1.1 and HTTP/2 over TLS",
  addressing: "host",
  carries: "requests",
  carrier: "stream",
  options: httpsOptions,
  needs: authenticationNeeds,
  start: async (...serve) => (await import("./http/start.ts")).startHttps(...serve),
};
