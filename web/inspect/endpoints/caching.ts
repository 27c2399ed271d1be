// The endpoints for conditional requests and Cache-Control (RFC 9110 13, RFC 9111).

import { headerValue, type ParsedRequest } from "../parsed_request.ts";
import { GET, type InspectEndpoint } from "../endpoint.ts";
import { jsonAnswer } from "../json_answer.ts";
import { wholeNumber } from "../numbers.ts";
import { HttpError, quote } from "../http_error.ts";
import { echoGet } from "./echo.ts";
import { statusAnswer } from "./status.ts";

/** The tags of If-Match or If-None-Match, whether strong, weak or without quotation marks. */
function parseTags(header: string | null): ReadonlySet<string> {
  const parts = header === null ? [] : header.match(/(?:W\/)?"[^"]*"|[^\s,]+/g) ?? [];
  return new Set(parts.map((part) => /^(?:W\/)?"?([^"]*)"?$/.exec(part)?.[1] ?? part));
}

async function tagged(request: ParsedRequest): Promise<Response> {
  const tag = request.param("etag");
  // deno-lint-ignore no-control-regex
  if (/["\x00-\x20\x7f]/.test(tag)) {
    throw new HttpError(400, `An entity tag cannot be ${quote(tag)} (RFC 9110 8.8.3).`);
  }
  const etag = `"${headerValue(tag, "etag")}"`;
  const unless = parseTags(request.header("if-none-match"));
  const only = parseTags(request.header("if-match"));
  if (unless.size > 0) {
    if (unless.has(tag) || unless.has("*")) {
      const response = statusAnswer(304);
      response.headers.set("etag", etag);
      return response;
    }
  } else if (only.size > 0 && !only.has(tag) && !only.has("*")) {
    return statusAnswer(412);
  }
  return jsonAnswer(await echoGet(request), { headers: { etag } });
}

export const caching: readonly InspectEndpoint[] = [
  {
    group: "Caching",
    path: "/cache",
    methods: GET,
    summary: "304 to any If-Modified-Since or If-None-Match, else what /get says",
    parameters: [
      { name: "If-None-Match", in: "header", example: "", help: "any tag gets 304" },
    ],
    async handle(request, { context }) {
      const conditional = request.header("if-modified-since") ?? request.header("if-none-match");
      if (conditional !== null) return statusAnswer(304);
      return jsonAnswer(await echoGet(request), {
        headers: {
          "last-modified": new Date(context.now()).toUTCString(),
          "etag": `"${crypto.randomUUID().replaceAll("-", "")}"`,
        },
      });
    },
  },
  {
    group: "Caching",
    path: "/cache/:seconds",
    methods: GET,
    summary: "May be kept for that many seconds",
    parameters: [{ name: "seconds", in: "path", whole: true, example: "60", help: "max-age" }],
    handle: async (request) =>
      jsonAnswer(await echoGet(request), {
        headers: {
          "cache-control": `public, max-age=${wholeNumber(request.param("seconds"), "seconds")}`,
        },
      }),
  },
  {
    group: "Caching",
    path: "/etag/:etag",
    methods: GET,
    summary: "Has that entity tag, and heeds If-None-Match and If-Match",
    parameters: [
      { name: "etag", in: "path", example: "seven", help: "the tag" },
      { name: "If-None-Match", in: "header", example: '"seven"', help: "304 when it matches" },
      { name: "If-Match", in: "header", example: "", help: "412 when it does not match" },
    ],
    status: 304,
    handle: tagged,
  },
];
