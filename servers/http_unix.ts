// HTTP over a Unix socket, as programs on one machine speak it that browsers should not reach. On
// node:http: Deno's engine gives its requests URLs of a scheme of its own there.

import type { RequestServerKind } from "../core/server_kind.ts";
import { requireFeature } from "../core/runtime.ts";
import { authenticationOptions } from "./http/authentication.ts";
import { webGuardOptions } from "./http/host_guard.ts";
import { loadNodeHttpEngine } from "./http/node_engine_choice.ts";
import { httpOptions, requestOptions } from "./http/limits.ts";
import { readHttpRules } from "./http/rules.ts";
import { serveHttp } from "./http/server.ts";
import { listenUnix } from "./unix.ts";

const options = {
  maxConnections: httpOptions.maxConnections,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
} as const;

/** `unix://path` for an application: `serve hello unix://hello.sock`. Who may connect is for the
 * file's permissions to say. */
export const httpUnix: RequestServerKind<typeof options> = {
  name: "unix",
  summary: "HTTP/1.1 and HTTP/2 on a Unix socket",
  addressing: "path",
  carries: "requests",
  options,
  async start(endpoint, limits, work) {
    const everybody = { allow: [], deny: [] };
    const rulesAt = await readHttpRules(endpoint, { ...limits, ...everybody }, work.context);
    requireFeature("nodeHttp", "HTTP on a Unix socket");
    const engine = await loadNodeHttpEngine("http");
    const listener = await listenUnix(endpoint);
    using opened = new DisposableStack();
    opened.use(listener.acceptor);
    const rules = rulesAt(listener.acceptor.address);
    opened.move();
    return serveHttp(listener, { engine, rules, limits, work });
  },
};
