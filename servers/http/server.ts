// Serving an HTTP application on a stream listener: shared by `http`, `https` and `unix`.

import type { Connection } from "../../core/connection.ts";
import { layerStream } from "../../core/layer.ts";
import type { HandshakeLimits } from "../../core/limits.ts";
import type { Listener, RunningServer } from "../../core/running_server.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { Ledger } from "../../core/sessions/life.ts";
import { acceptingServer } from "../../core/streams/accept_loop.ts";
import { keepaliveOptions } from "../../core/websocket/options.ts";
import { WebSocketSessions } from "../../core/websocket/sessions.ts";
import { HttpConnection, type HttpSharing } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { Http2Bridge } from "./http2_bridge.ts";
import { HeadReader } from "./message/incoming.ts";
import type { RequestLimits } from "./options.ts";
import type { HttpRules } from "../access/rules.ts";
import { HttpSite } from "./site.ts";
import { upgradeHttp } from "./upgrade.ts";

/** Time for which a client may still send what is not read, after its last answer. */
const LINGER_MS = 2000;

/** WebSockets within an application are pinged as those of the WebSocket transports are. */
const keepaliveDefaults = {
  pingIntervalMs: keepaliveOptions.pingIntervalMs.fallback,
  pingTimeoutMs: keepaliveOptions.pingTimeoutMs.fallback,
};

interface HttpServerOptions {
  /** The scheme in the URLs of requests. */
  readonly scheme: "http" | "https";
  readonly rules: HttpRules;
  readonly limits: RequestLimits & Partial<HandshakeLimits> & { readonly maxConnections: number };
  readonly work: RequestWork;
}

/** Serves until shut down. Takes ownership of the acceptor. */
export function serveHttp(
  listener: Listener,
  { scheme, rules, limits, work }: HttpServerOptions,
): RunningServer {
  const ledger = new Ledger(listener.url, work.context.emit, work.context.traffic);
  const { counters } = ledger;
  const site = new HttpSite(ledger, { rules, limits, work });
  const { keepAliveTimeoutMs, headerTimeoutMs } = limits;
  const deadlines = new Deadlines({
    head: headerTimeoutMs,
    rest: keepAliveTimeoutMs,
    write: keepAliveTimeoutMs,
    linger: LINGER_MS,
  });
  const webSockets = new WebSocketSessions(ledger, {
    ...keepaliveDefaults,
    idleTimeoutMs: keepAliveTimeoutMs,
    maxMessageBytes: site.maxBodyBytes,
  });
  const http2 = new Http2Bridge(site, scheme, deadlines);
  const upgrades = work.service.upgrade !== undefined;
  const shared: HttpSharing = {
    site,
    deadlines,
    heads: new HeadReader({ scheme, guard: rules.guard, upgrades }),
    writeTimeoutMs: keepAliveTimeoutMs,
    speakHttp2: (...spoken) => http2.serve(...spoken),
    upgrade: (...asked) => upgradeHttp({ site, webSockets }, ...asked),
  };

  return acceptingServer(listener, {
    admits: rules.admits,
    limits,
    ledger,
    serve(connection: Connection) {
      counters.opened++;
      const layered = layerStream(connection, work.layers, { role: "listen" }, { counters });
      return new HttpConnection(layered, shared).serve();
    },
    release() {
      http2[Symbol.dispose]();
      deadlines[Symbol.dispose]();
      webSockets[Symbol.dispose]();
      site[Symbol.dispose]();
    },
  });
}
