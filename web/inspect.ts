// The application `inspect`: an HTTP server that shows clients their own requests and answers as
// they ask, with the endpoints, fields and limits of httpbin 0.7.0 (differences:
// web/inspect/page/differences.ts).

import type { HttpApp } from "../core/http/app.ts";
import { flag, size, text } from "../core/options/option.ts";

/** Options of `inspect`. */
export const inspectOptions = {
  logRequests: flag({ help: "show every request with its headers and body" }),
  requestLog: text({
    metavar: "file",
    help: "append every request to this file, a JSON object a line",
  }),
  requestLogLimit: size({
    default: 100 * 1024 * 1024,
    help: "stop appending to the request log when it is this large",
  }),
  logBody: size({
    default: 64 * 1024,
    max: 64 * 1024 * 1024,
    help: "log this much of each body",
  }),
  trustForwarded: flag({
    help: "believe X-Forwarded-For and X-Forwarded-Proto, for use behind a proxy",
  }),
  allowCredentials: flag({
    help: "let pages of any origin send cookies and read the answers, as httpbin does",
  }),
} as const;

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
 * With `logRequests` each request is an `inspected` event. `GET /` is a page that explains and tries
 * every endpoint. */
export const inspect: HttpApp<typeof inspectOptions> = {
  name: "inspect",
  summary: "Says requests back and answers as it is told to, like httpbin",
  options: inspectOptions,
  open: async (...given) => new (await import("./inspect/inspector.ts")).Inspector(...given),
};
