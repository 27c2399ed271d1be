// The application that says how servers are: /metrics for Prometheus, /healthz and /readyz for
// whoever starts and restarts programs.

import type { HttpApp, HttpService } from "../../core/http/app.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import type { MeasuredDock } from "./measured.ts";

export const METRICS_PATHS: readonly string[] = ["/metrics", "/healthz", "/readyz"];

const NO_STORE = { "cache-control": "no-store" };

/** An application for `serve`. What it shows is counted anyway, and put together for each request.
 *
 * ```ts
 * import { echo, metricsApp, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server]));
 * const text = await (await fetch(`${metrics.url}/metrics`)).text();
 * console.log(text.includes("sockdock_sessions_open")); // true
 * ```
 *
 * @param docks the servers of the moment */
export function metricsApp(docks: () => Iterable<MeasuredDock>): HttpApp {
  return {
    name: "metrics",
    summary: "Says how servers are, to Prometheus and others",
    options: {},
    open: () => openMetrics(docks),
  };
}

function openMetrics(docks: () => Iterable<MeasuredDock>): HttpService {
  let exposed: ReturnType<typeof expose> | undefined;
  async function expose() {
    const { exposition } = await import("./prometheus.ts");
    return exposition(docks);
  }
  return {
    async handle(request) {
      const { pathname } = new URL(request.url);
      if (!METRICS_PATHS.includes(pathname)) {
        return plainResponse(404, `Nothing is here; there are ${METRICS_PATHS.join(", ")}`);
      }
      if (request.method !== "GET" && request.method !== "HEAD") {
        return plainResponse(405, "Method Not Allowed", { allow: "GET, HEAD" });
      }
      if (pathname === "/healthz") return plainResponse(200, "ok", NO_STORE);
      if (pathname === "/readyz") {
        return [...docks()].some(({ isDraining }) => isDraining)
          ? plainResponse(503, "draining", NO_STORE)
          : plainResponse(200, "ready", NO_STORE);
      }
      const { contentType, text } = await (exposed ??= expose());
      return new Response(await text(), { headers: { ...NO_STORE, "content-type": contentType } });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
