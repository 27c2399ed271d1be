// An HTTP server that shows a client what it sent and answers as it is told to, with the endpoints,
// fields and limits of httpbin 0.7.0 (what differs: web/inspect/page/differences.ts).

import type { HttpApp, HttpService, RequestInfo } from "../core/http/app.ts";
import { flag, type OptionValues, size, text } from "../core/options/option.ts";
import type { Context } from "../core/protocol.ts";
import { ParsedRequest } from "./inspect/parsed_request.ts";
import { DELAYED_PATH, endpoints } from "./inspect/endpoints/index.ts";
import { indexPage } from "./inspect/page/index_page.ts";
import { delayAsRequested } from "./inspect/endpoints/dynamic_data.ts";
import { HttpError } from "./inspect/http_error.ts";
import { inspectedEvent, RequestLogFile } from "./inspect/request_log.ts";
import { allowed, allows, createRouter, type Route } from "./inspect/router.ts";
import { echoingSocket } from "./inspect/endpoints/streams.ts";
import { isPaced } from "./inspect/waiting.ts";
import { plainResponse } from "../core/http/plain_response.ts";

const options = {
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

type InspectOptions = OptionValues<typeof options>;

const route = createRouter(endpoints);

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
export const inspect: HttpApp<typeof options> = {
  name: "inspect",
  summary: "Says requests back and answers as it is told to, like httpbin",
  options,
  open: (options, context) => new Inspector(options, context),
};

class Inspector implements HttpService {
  readonly #options: InspectOptions;
  readonly #context: Context;
  readonly #logFile: RequestLogFile | undefined;

  constructor(options: InspectOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    if (options.requestLog !== undefined) {
      this.#logFile = new RequestLogFile(
        options.requestLog,
        options.requestLogLimit,
        context.emit,
      );
    }
  }

  readonly handle = async (request: Request, info: RequestInfo): Promise<Response> => {
    const parsed = await this.#parse(request, info);
    return this.#withCommonFields(await this.#answer(parsed), parsed);
  };

  readonly upgrade = async (request: Request, info: RequestInfo) => {
    const { path, base } = await this.#parse(request, info);
    return path === "/ws"
      ? echoingSocket
      : plainResponse(404, `No WebSocket is here; there is one at ${base}/ws`);
  };

  [Symbol.asyncDispose](): Promise<void> {
    this.#logFile?.[Symbol.dispose]();
    return Promise.resolve();
  }

  /** Takes a request apart and logs it. */
  async #parse(request: Request, info: RequestInfo): Promise<ParsedRequest> {
    const { logRequests, logBody, trustForwarded } = this.#options;
    const parsed = new ParsedRequest(request, info, trustForwarded);
    if (!logRequests && this.#logFile === undefined) return parsed;
    const now = this.#context.now();
    const event = await inspectedEvent(parsed, { now, maxBodyBytes: logBody });
    if (logRequests) this.#context.emit(event);
    this.#logFile?.write(event);
    return parsed;
  }

  async #answer(request: ParsedRequest): Promise<Response> {
    try {
      if (request.path === "/") return await index(request);
      const found = route(request.path);
      if (found === undefined) return notFound();
      if (request.method === "OPTIONS") return optionsAnswer(found);
      return await this.#serve(found, request);
    } catch (error) {
      if (error instanceof HttpError) return plainResponse(error.status, error.message);
      throw error;
    }
  }

  async #serve({ endpoint, params }: Route, request: ParsedRequest): Promise<Response> {
    request.params = params;
    if (endpoint.path === DELAYED_PATH) {
      const rest = route(`/${request.param("path")}`);
      // Delays do not add up: each request waits once.
      if (rest === undefined || rest.endpoint.path === DELAYED_PATH) return notFound();
      if (!allows(rest.endpoint, request.method)) return methodNotAllowed(rest);
      await delayAsRequested(request, this.#context.signal);
      return await this.#serve(rest, request);
    }
    if (!allows(endpoint, request.method)) return methodNotAllowed({ endpoint, params });
    return await endpoint.handle(request, { context: this.#context });
  }

  /** Adds what every answer carries: the CORS fields that the options allow, and nosniff. */
  #withCommonFields(response: Response, request: ParsedRequest): Response {
    const { headers } = response;
    // It is there already when a client asked /response-headers for it.
    if (!headers.has("access-control-allow-origin")) {
      const { allowCredentials } = this.#options;
      const origin = allowCredentials ? request.header("origin") : null;
      headers.set("access-control-allow-origin", origin ?? "*");
      if (allowCredentials) headers.set("access-control-allow-credentials", "true");
    }
    if (request.method === "OPTIONS") {
      headers.set("access-control-allow-methods", "GET, POST, PUT, DELETE, PATCH, OPTIONS");
      headers.set("access-control-max-age", "3600");
      const wanted = request.header("access-control-request-headers");
      if (wanted !== null) headers.set("access-control-allow-headers", wanted);
    }
    headers.set("x-content-type-options", "nosniff");
    if (request.method !== "HEAD" || response.body === null || !isPaced(response.body)) {
      return response;
    }
    // An answer to HEAD carries no body, so that nothing of it needs to be made.
    void response.body.cancel();
    return new Response(null, { status: response.status, headers });
  }
}

async function index(request: ParsedRequest): Promise<Response> {
  if (request.method === "OPTIONS") {
    return new Response("", { headers: { allow: "GET, HEAD, OPTIONS" } });
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plainResponse(405, "Method Not Allowed", { allow: "GET, HEAD, OPTIONS" });
  }
  const { html, policy } = await indexPage();
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
    },
  });
}

function notFound(): Response {
  return plainResponse(404, "Not Found; / lists what there is");
}

function methodNotAllowed({ endpoint }: Route): Response {
  return plainResponse(405, "Method Not Allowed", { allow: allowed(endpoint) });
}

function optionsAnswer({ endpoint }: Route): Response {
  return new Response("", {
    headers: { "content-type": "text/html; charset=utf-8", "allow": allowed(endpoint) },
  });
}
