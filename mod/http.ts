/** The parts of HTTP: applications that `serve` takes, and the client.
 *
 * ```ts
 * import { serve } from "@sockdock/sockdock";
 * import { createHttpClient, inspect } from "@sockdock/sockdock/http";
 *
 * await using server = await serve("http://127.0.0.1:0", inspect);
 * const client = createHttpClient({ maxRedirects: 3 });
 * await using response = await client.fetch(`${server.url}/cookies/set?harbour=north`);
 * console.log(response.status, client.cookies[0]?.value); // 200 north
 * ```
 *
 * @module */

export {
  createHttpClient,
  type FetchOptions,
  fetchUrl,
  type HttpClient,
  type HttpClientOptions,
} from "../clients/http/client.ts";
export type { Cookie } from "../clients/http/cookie_jar.ts";
export type { Credentials } from "../clients/http/credentials.ts";
export type { FetchResponse, Field, ResponseHead } from "../clients/http/message.ts";
export type { FormFile } from "../clients/http/multipart.ts";
export type { FetchValues } from "../clients/http/option_types.ts";
export type { ProxyRules } from "../clients/http/proxy.ts";
export type { BodyStream, FetchRequest } from "../clients/http/request.ts";
export type { RetryNotice } from "../clients/http/retry.ts";
export type { FetchStep, OnStep } from "../clients/http/step.ts";
export type { FetchTiming } from "../clients/http/timing.ts";
export type { TlsFacts } from "../core/connection.ts";
export type {
  HttpApp,
  HttpHandler,
  HttpService,
  QuickAnswer,
  QuickFile,
  QuickRequest,
  RequestInfo,
  WebSocketAnswer,
} from "../core/http/app.ts";
export { files } from "../web/files.ts";
export { hello } from "../web/hello.ts";
export { inspect } from "../web/inspect.ts";
export type { FilesAppOptions, HelloAppOptions, InspectAppOptions } from "../web/option_types.ts";
