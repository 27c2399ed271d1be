// The endpoints that redirect, once or several times in a row.

import { headerValue, type ParsedRequest } from "../parsed_request.ts";
import { COMMON, GET, type InspectEndpoint, type Parameter } from "../endpoint.ts";
import { wholeNumber } from "../numbers.ts";
import { HttpError } from "../http_error.ts";

const N: Parameter = { name: "n", in: "path", whole: true, example: "2", help: "how many" };

/** A redirect, with a page for clients that do not follow it. */
export function redirectAnswer(location: string, status = 302): Response {
  // A location with characters that HTML would need escaped comes without a page.
  const page = /^[\w:/.?=[\]-]+$/.test(location)
    ? `<!doctype html><title>Redirected</title><a href="${location}">${location}</a>\n`
    : "";
  return new Response(status === 304 ? null : page, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", location },
  });
}

/** Number of redirects after this one. */
function remaining(request: ParsedRequest): number {
  return wholeNumber(request.param("n"), "n", { min: 1 }) - 1;
}

function next(request: ParsedRequest, kind: "absolute" | "relative"): Response {
  const left = remaining(request);
  const path = left === 0 ? "/get" : `/${kind}-redirect/${left}`;
  return redirectAnswer(kind === "absolute" ? request.base + path : path);
}

function redirectTo(request: ParsedRequest): Response {
  const url = request.queryValue("url");
  if (url === undefined) throw new HttpError(400, "url: say where to, as in /redirect-to?url=/get");
  const code = wholeNumber(request.queryValue("status_code") ?? "302", "status_code");
  const location = headerValue(url, "url");
  const status = code >= 300 && code < 400 ? code : 302;
  return new Response(status === 304 ? null : "", {
    status,
    headers: { "content-type": "text/html; charset=utf-8", location },
  });
}

export const redirects: readonly InspectEndpoint[] = [
  {
    group: "Status and redirects",
    path: "/redirect/:n",
    methods: GET,
    summary: "Redirects that many times, then leads to /get",
    parameters: [
      N,
      { name: "absolute", in: "query", example: "", help: "true for whole URLs" },
    ],
    status: 302,
    handle(request) {
      const absolute = request.query.get("absolute")?.toLowerCase() === "true";
      return next(request, absolute ? "absolute" : "relative");
    },
  },
  {
    group: "Status and redirects",
    path: "/relative-redirect/:n",
    methods: GET,
    summary: "The same, its locations paths",
    parameters: [N],
    status: 302,
    handle: (request) => next(request, "relative"),
  },
  {
    group: "Status and redirects",
    path: "/absolute-redirect/:n",
    methods: GET,
    summary: "The same, its locations whole URLs",
    parameters: [N],
    status: 302,
    handle: (request) => next(request, "absolute"),
  },
  {
    group: "Status and redirects",
    path: "/redirect-to",
    methods: COMMON,
    summary: "Redirects wherever you say",
    parameters: [
      { name: "url", in: "query", example: "/get", help: "any URL or path" },
      { name: "status_code", in: "query", example: "307", help: "300 to 399" },
    ],
    status: 307,
    handle: redirectTo,
  },
];
