// The endpoints whose answer the client chooses: delayed, of some size, with some headers, or
// failing at random.

import { Buffer } from "node:buffer";
import { headerValue, type ParsedRequest } from "../parsed_request.ts";
import { COMMON, GET, type InspectEndpoint, type Parameter } from "../endpoint.ts";
import { jsonAnswer, jsonText } from "../json_answer.ts";
import { milliseconds, realNumber, wholeNumber } from "../numbers.ts";
import { randomByteSource } from "./random_bytes.ts";
import { redirectAnswer } from "./redirects.ts";
import { HttpError, quote } from "../http_error.ts";
import { echoDelayed, gathered } from "./echo.ts";
import { MAX_DELAY_MS } from "./status.ts";
import type { Delays } from "../delays.ts";

/** The most bytes that are made at random. */
export const MAX_BYTES = 100 * 1024;

const MAX_LINKS = 200;

/** Fields that keep a browser from running anything in content that a client made up. */
const HARMLESS = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
} as const;

/** Waits for the `seconds` in the path. */
export function delayAsRequested(request: ParsedRequest, delays: Delays): Promise<void> {
  const ms = milliseconds(request.param("seconds"), "seconds", MAX_DELAY_MS);
  return delays.wait(ms, request);
}

/** Fields that frame the message or belong to the connection, which only the server may set. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function responseHeaders(request: ParsedRequest): Response {
  const headers = new Headers({ "content-type": "application/json", ...HARMLESS });
  const lines: (readonly [name: string, value: string])[] = [];
  const shown = new Map<string, [name: string, values: string[]]>();
  for (const [name, value] of request.query) {
    const key = name.toLowerCase();
    if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(key)) {
      throw new HttpError(400, `No header field can be named ${quote(name)}.`);
    }
    if (RESERVED.has(key)) throw new HttpError(400, `${name} is for the server to set.`);
    const bytes = headerValue(value, name);
    // A response has one content type, the last that was given.
    if (key === "content-type") headers.set(key, bytes);
    else lines.push([key, bytes]);
    const before = shown.get(key);
    if (before === undefined) shown.set(key, [name, [value]]);
    else if (key === "content-type") before[1] = [value];
    else before[1].push(value);
  }
  const given = [...shown.values()].flatMap(([name, values]) =>
    values.map((value) => [name, value] as const)
  );
  const type = shown.has("content-type") ? [] : [["Content-Type", "application/json"] as const];
  const text = (length: string) =>
    jsonText(gathered([["Content-Length", length], ...type, ...given]));
  // The length is part of what it measures; two rounds settle the number of its digits.
  const lengthOf = (length: string) => String(new TextEncoder().encode(text(length)).length);
  let length = lengthOf("");
  while (length !== lengthOf(length)) length = lengthOf(length);
  const response = new Response(text(length), { headers });
  // Appended to the response itself, each is sent as a line of its own.
  for (const [name, line] of lines) response.headers.append(name, line);
  return response;
}

function decodeBase64(request: ParsedRequest): Response {
  const value = request.param("value");
  if (!/^[A-Za-z0-9_+-]*={0,2}$/.test(value) || value.replace(/=+$/, "").length % 4 === 1) {
    throw new HttpError(400, "value: expected base64, in the alphabet for URLs");
  }
  return new Response(Buffer.from(value, "base64"), {
    headers: { "content-type": "text/plain; charset=utf-8", ...HARMLESS },
  });
}

function linkPage(request: ParsedRequest): Response {
  const count = wholeNumber(request.param("n"), "n", { max: MAX_LINKS }) || 1;
  const offset = wholeNumber(request.param("offset"), "offset");
  const links = Array.from(
    { length: count },
    (_, at) => at === offset ? `${at}` : `<a href="/links/${count}/${at}">${at}</a>`,
  );
  return new Response(
    `<!doctype html><html lang="en"><title>Links</title>\n<p>${links.join("\n")}\n`,
    { headers: { "content-type": "text/html; charset=utf-8" } },
  );
}

function unstable(request: ParsedRequest, random: () => number): Response {
  const rate = realNumber(request.queryValue("failure_rate") ?? "0.5", "failure_rate", {
    min: 0,
    max: 1,
  });
  return random() < rate
    ? new Response("It failed, as it does now and then.\n", { status: 500, headers: PLAIN })
    : new Response("It worked this time.\n", { headers: PLAIN });
}

const PLAIN = { "content-type": "text/plain; charset=utf-8" };

const SECONDS: Parameter = { name: "seconds", in: "path", example: "1", help: "at most 10" };
const N_BYTES: Parameter = {
  name: "n",
  in: "path",
  whole: true,
  example: "16",
  help: "at most 102400",
};
const SEED: Parameter = {
  name: "seed",
  in: "query",
  example: "7",
  help: "a whole number: the same bytes each time",
};
const HEADERS_TO_SEND: Parameter = {
  name: "X-Dock",
  in: "query",
  free: true,
  example: "seven",
  help: "any names and values",
};

export const dynamicData: readonly InspectEndpoint[] = [
  {
    group: "Made to order",
    path: "/delay/:seconds",
    methods: COMMON,
    summary: "Answers late, with what you sent",
    parameters: [SECONDS],
    async handle(request, { delays }) {
      await delayAsRequested(request, delays);
      return jsonAnswer(await echoDelayed(request));
    },
  },
  {
    group: "Made to order",
    path: "/bytes/:n",
    methods: GET,
    summary: "Bytes by chance",
    parameters: [N_BYTES, SEED],
    handle: (request, { context }) => {
      const count = wholeNumber(request.param("n"), "n", { max: MAX_BYTES });
      return new Response(randomByteSource(request, context.random)(count), {
        headers: { "content-type": "application/octet-stream" },
      });
    },
  },
  {
    group: "Made to order",
    path: "/response-headers",
    methods: ["GET", "POST"],
    summary: "Sends the header fields that the query names",
    parameters: [HEADERS_TO_SEND],
    handle: responseHeaders,
  },
  {
    group: "Made to order",
    path: "/unstable",
    methods: COMMON,
    summary: "Fails with 500 now and then",
    parameters: [
      {
        name: "failure_rate",
        in: "query",
        example: "0.1",
        help: "0 never, 1 always; 0.5 unless said",
      },
    ],
    handle: (request, { context }) => unstable(request, context.random),
  },
  {
    group: "Made to order",
    path: "/uuid",
    methods: GET,
    summary: "A random UUID",
    handle: () => jsonAnswer({ uuid: crypto.randomUUID() }),
  },
  {
    group: "Made to order",
    path: "/base64/:value",
    methods: GET,
    summary: "What that base64 says, as plain text",
    parameters: [{ name: "value", in: "path", example: "QWhveQ", help: "base64 for URLs" }],
    handle: decodeBase64,
  },
  {
    group: "Made to order",
    path: "/links/:n",
    methods: GET,
    summary: "Leads to a page of links",
    parameters: [{ name: "n", in: "path", whole: true, example: "10", help: "1 to 200" }],
    status: 302,
    handle: (request) => redirectAnswer(`/links/${wholeNumber(request.param("n"), "n")}/0`),
  },
  {
    group: "Made to order",
    path: "/links/:n/:offset",
    methods: GET,
    summary: "A page of links to pages of links",
    parameters: [
      { name: "n", in: "path", whole: true, example: "10", help: "1 to 200" },
      { name: "offset", in: "path", whole: true, example: "0", help: "which of them is this page" },
    ],
    handle: linkPage,
  },
];
