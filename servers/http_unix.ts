// The server transport `unix` for HTTP applications: HTTP over a Unix socket, for clients on this
// machine; browsers cannot reach it.

import { authenticationNeeds } from "./access/options.ts";
import type { RequestServerKind } from "../core/server_kind.ts";
import { httpUnixOptions } from "./http/options.ts";

/** `unix://path` for an application: `serve hello unix://hello.sock`. The file's permissions decide
 * who may connect. */
export const httpUnix: RequestServerKind<typeof httpUnixOptions> = {
  name: "unix",
  summary: "HTTP/1.1 and HTTP/2 on a Unix socket",
  addressing: "path",
  carries: "requests",
  carrier: "stream",
  options: httpUnixOptions,
  needs: authenticationNeeds,
  start: async (...serve) => (await import("./http/start.ts")).startHttpUnix(...serve),
};
