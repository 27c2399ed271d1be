// The control: an HTTP application by which programs see and drive the servers of this process.

import type { HttpApp, HttpHandler, HttpService } from "../../core/http/app.ts";
import { UsageError } from "../../core/usage_error.ts";
import { refuseForeignOrigin, tokenCheck } from "./access.ts";
import type { ControlledDocks } from "./controlled_docks.ts";
import type { OwnDials } from "./dials.ts";
import { dialRoutes } from "./endpoints/dials.ts";
import { eventRoutes } from "./endpoints/events.ts";
import { overviewRoutes } from "./endpoints/overview.ts";
import { requestRoutes } from "./endpoints/requests.ts";
import { serverRoutes } from "./endpoints/servers.ts";
import { sessionRoutes } from "./endpoints/sessions.ts";
import type { EventLog } from "./event_log.ts";
import { openApiRoute } from "./open_api.ts";
import { Problem } from "./problem.ts";
import type { ControlWork, Parameter, Route } from "./route.ts";
import type { OwnRequests } from "./requests.ts";
import { createRouter } from "./router.ts";
import { checkShape, type Schema } from "./schema.ts";

/** The largest body of a request: a message that is sent to a session, in base64. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

interface ControlAppOptions {
  readonly docks: ControlledDocks;
  readonly log: EventLog;
  readonly dials: OwnDials;
  readonly requests: OwnRequests;
  readonly token: string;
  /** In the OpenAPI document. */
  readonly version: string;
  /** Another application, which answers these paths beside the API. */
  readonly beside?: { readonly paths: readonly string[]; readonly app: HttpApp };
  /** Whether those need the token too: where others than this machine can ask. */
  readonly guardsAll?: boolean;
}

/** The application; `serve` puts it on a URL. */
export function controlApp(options: ControlAppOptions): HttpApp<Record<never, never>> {
  return {
    name: "control",
    summary: "Sees and drives the servers of this process",
    options: {},
    async open(_none, context) {
      const beside = await options.beside?.app.open({}, context);
      return {
        maxBodyBytes: MAX_BODY_BYTES,
        // No client of an API reads on after its end, and one that is gone must hold no place.
        endedClientIsGone: true,
        handle: controlHandler(options, beside),
        refusal: (status, text) => new Problem(status, text).toResponse(),
        [Symbol.asyncDispose]: async () => await beside?.[Symbol.asyncDispose](),
      };
    },
  };
}

function controlHandler(
  { docks, log, dials, requests, token, version, beside, guardsAll }: ControlAppOptions,
  other: HttpService | undefined,
): HttpHandler {
  const own = [
    ...[...serverRoutes, ...sessionRoutes, ...dialRoutes, ...requestRoutes, ...eventRoutes],
    ...overviewRoutes,
  ];
  const find = createRouter([...own, openApiRoute(own, version)]);
  const check = tokenCheck(token);
  // Loaded when a browser asks for it.
  let page: ReturnType<typeof import("../console/page.ts").openConsole> | undefined;
  return async (request, info) => {
    try {
      refuseForeignOrigin(request);
      const { pathname } = new URL(request.url);
      if (other !== undefined && beside?.paths.includes(pathname)) {
        if (guardsAll) check(request);
        return await other.handle(request, info);
      }
      if (/^\/(?:console\/.*)?$/.test(pathname)) {
        page ??= (await import("../console/page.ts")).openConsole();
        const answered = page(request, pathname);
        if (answered !== undefined) return answered;
      }
      const found = find(request.method, pathname);
      // Without a token nobody learns what is there.
      if (found.route?.isOpen !== true) check(request);
      if (found.route === undefined) throw found.problem;
      return await answer(request, found.route, found.params, { docks, log, dials, requests });
    } catch (error) {
      if (error instanceof Problem) return error.toResponse();
      if (
        error instanceof UsageError || error instanceof TypeError || error instanceof RangeError
      ) {
        return new Problem(422, error.message).toResponse();
      }
      throw error;
    }
  };
}

async function answer(
  request: Request,
  route: Route,
  params: Readonly<Record<string, string>>,
  work: ControlWork,
): Promise<Response> {
  const given = readParameters(request, route, params);
  const body = route.body === undefined ? undefined : await readBody(request, route.body);
  if (route.body !== undefined) checkShape(route.body, body, "body");
  const result = await route.handle({ ...work, given, body, request });
  if (result instanceof Response) return result;
  const { status } = route.answer;
  if (status === 204) return new Response(null, { status, headers: NO_STORE });
  return new Response(`${JSON.stringify(result, null, 2)}\n`, {
    status,
    headers: { "content-type": "application/json", ...NO_STORE },
  });
}

const NO_STORE = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** @throws {Problem} when a parameter is unknown, twice there, or does not fit */
function readParameters(
  request: Request,
  { parameters = [] }: Route,
  params: Readonly<Record<string, string>>,
): Record<string, string | number | boolean | undefined> {
  const query = new URL(request.url).searchParams;
  const known = parameters.filter((one) => one.in === "query").map(({ name }) => name);
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const rest = known.length === 0 ? "this one takes none" : `known are ${known.join(", ")}`;
      throw new Problem(422, `unknown parameter ${JSON.stringify(name.slice(0, 100))}; ${rest}`);
    }
    if (query.getAll(name).length > 1) throw new Problem(422, `${name} stands there twice`);
  }
  return Object.fromEntries(parameters.map((parameter) => {
    const { name } = parameter;
    const text = parameter.in === "path"
      ? params[name]
      : parameter.in === "query"
      ? query.get(name)
      : request.headers.get(name);
    return [name, text === null || text === undefined ? undefined : readValue(parameter, text)];
  }));
}

function readValue({ name, schema }: Parameter, text: string): string | number | boolean {
  const isNumber = schema.type === "integer" || schema.type === "number";
  const value = isNumber && /^\d{1,15}(\.\d{1,9})?$/.test(text)
    ? Number(text)
    : schema.type === "boolean" && /^(?:true|false)$/.test(text)
    ? text === "true"
    : text;
  checkShape(schema, value, name);
  return value;
}

/** @throws {Problem} when it is no JSON */
async function readBody(request: Request, { required = [] }: Schema): Promise<unknown> {
  const text = await request.text();
  // Where no field has to be there, no body is as good as an empty object.
  if (text === "" && required.length === 0) return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, "the body is no JSON");
  }
}
