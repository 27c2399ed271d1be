// The service of `inspect`: parses each request, finds its endpoint, and adds the header fields
// that all answers have.

import { stamped } from "../../core/event_stamp.ts";
import type { HttpService, RequestInfo } from "../../core/http/app.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { Context } from "../../core/protocol.ts";
import { ParsedRequest } from "./parsed_request.ts";
import { DELAYED_PATH, endpoints } from "./endpoints/index.ts";
import { indexPage } from "./page/index_page.ts";
import { Delays } from "./delays.ts";
import { delayAsRequested } from "./endpoints/dynamic_data.ts";
import { HttpError } from "./http_error.ts";
import { inspectedEvent, RequestLogFile } from "./request_log.ts";
import { allowed, allows, createRouter, type Route } from "./router.ts";
import { echoingSocket } from "./endpoints/streams.ts";
import { isPaced } from "./waiting.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import type { inspectOptions } from "./options.ts";

type InspectOptions = OptionValues<typeof inspectOptions>;

const route = createRouter(endpoints);

export class Inspector implements HttpService {
  readonly #options: InspectOptions;
  readonly #context: Context;
  readonly #delays: Delays;
  readonly #logFile: RequestLogFile | undefined;
  readonly counters: Delays["counters"];

  constructor(options: InspectOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#delays = new Delays(options, context.signal);
    this.counters = this.#delays.counters;
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
    const { showRequests, logBody, trustForwarded } = this.#options;
    const parsed = new ParsedRequest(request, info, trustForwarded);
    if (!showRequests && this.#logFile === undefined) return parsed;
    const now = this.#context.now();
    const body = await inspectedEvent(parsed, logBody);
    if (showRequests) this.#context.emit?.(body, info, now);
    this.#logFile?.write(stamped(body, info.serverUrl, info, now));
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
      if (error instanceof HttpError) {
        return plainResponse(error.status, error.message, error.headers);
      }
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
      await delayAsRequested(request, this.#delays);
      return await this.#serve(rest, request);
    }
    if (!allows(endpoint, request.method)) return methodNotAllowed({ endpoint, params });
    return await endpoint.handle(request, { context: this.#context, delays: this.#delays });
  }

  /** Adds what every answer carries: the CORS fields that the options allow, and nosniff. */
  #withCommonFields(response: Response, request: ParsedRequest): Response {
    const { headers } = response;
    // The field is present when the client asked /response-headers for it.
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
