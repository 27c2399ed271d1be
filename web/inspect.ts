// The application `inspect`: an HTTP server that shows clients their own requests and answers as
// they ask, with the endpoints, fields and limits of httpbin 0.7.0 (differences:
// web/inspect/page/differences.ts).

import type { HttpApp } from "../core/http/app.ts";
import type { TableOf } from "../core/options/option.ts";
import { inspectOptions } from "./inspect/options.ts";
import type { InspectAppOptions } from "./option_types.ts";

/** Says requests back as JSON, and answers as its paths are told to: any status, delays, redirects,
 * cookies, authentication, streams, pictures. What a test uses instead of httpbin:
 *
 * ```ts
 * import { inspect, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("http://127.0.0.1:0", inspect);
 * const response = await fetch(`${server.url}/anything?colour=blue`, { method: "POST", body: "hi" });
 * const { args, data } = await response.json();
 * console.log(args.colour, data); // blue hi
 *
 * const late = await fetch(`${server.url}/delay/0.01/status/503`);
 * await late.body?.cancel();
 * console.log(late.status); // 503
 * ```
 *
 * With `showRequests` each request is an `inspected` event. `GET /` is a page that explains and tries
 * every endpoint. */
export const inspect: HttpApp<TableOf<InspectAppOptions>> = {
  name: "inspect",
  summary: "Says requests back and answers as it is told to, like httpbin",
  options: inspectOptions,
  needs: { requestLogLimit: "requestLog", logBody: ["showRequests", "requestLog"] },
  open: async (...given) => new (await import("./inspect/inspector.ts")).Inspector(...given),
};
