// HTTP over a Unix socket, as programs on one machine speak it that browsers should not reach.

import type { RequestServerKind } from "../core/server_kind.ts";
import { httpUnixOptions } from "./http/options.ts";

/** `unix://path` for an application: `serve hello unix://hello.sock`. Who may connect is for the
 * file's permissions to say. */
export const httpUnix: RequestServerKind<typeof httpUnixOptions> = {
  name: "unix",
  summary: "HTTP/1.1 and HTTP/2 on a Unix socket",
  addressing: "path",
  carries: "requests",
  options: httpUnixOptions,
  start: async (...serve) => (await import("./http/start.ts")).startHttpUnix(...serve),
};
