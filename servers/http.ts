// The server transport `http`: HTTP over TCP.

import { authenticationNeeds } from "./access/options.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { httpOptions } from "./http/options.ts";

/** `http://host:port`: HTTP/1.1, and HTTP/2 for clients that begin with it. */
export const http: RequestServerKind<typeof httpOptions> = {
  name: "http",
  summary: "HTTP/1.1 and HTTP/2 without encryption",
  addressing: "host",
  carries: "requests",
  carrier: "stream",
  options: httpOptions,
  needs: authenticationNeeds,
  start: async (...serve) => (await import("./http/start.ts")).startHttp(...serve),
};
