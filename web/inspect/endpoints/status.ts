// The endpoint that answers with any status, and the answers for a status that others use.

import { COMMON, type InspectEndpoint } from "../endpoint.ts";
import type { ParsedRequest } from "../parsed_request.ts";
import { jsonText } from "../json_answer.ts";
import { milliseconds } from "../numbers.ts";
import { HttpError } from "../http_error.ts";
import type { Delays } from "../delays.ts";

/** The longest delay before an answer. */
export const MAX_DELAY_MS = 10_000;

const REDIRECT = { headers: { location: "/redirect/1" } };

const KETTLE = `
         _
     .--' '--.
   _/_________\\_    ~
  ( \\         / \\__/
   \\_|  tea  |  __/
     \\_______/_/
`;

/** The bodies and fields of statuses that have more than the status. */
const CARRIED: Readonly<
  Record<number, { readonly body?: string; readonly headers?: Readonly<Record<string, string>> }>
> = {
  301: REDIRECT,
  302: REDIRECT,
  303: REDIRECT,
  305: REDIRECT,
  307: REDIRECT,
  401: { headers: { "www-authenticate": 'Basic realm="Fake Realm"' } },
  402: { body: "This costs something.\n" },
  406: {
    body: jsonText({
      message: "This can be had in these media types only.",
      accept: ["image/webp", "image/svg+xml", "image/jpeg", "image/png", "image/*"],
    }),
    headers: { "content-type": "application/json" },
  },
  407: { headers: { "proxy-authenticate": 'Basic realm="Fake Realm"' } },
  418: {
    body: KETTLE,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-more-info": "https://www.rfc-editor.org/rfc/rfc2324",
    },
  },
};

/** Statuses that end with their head (RFC 9110 15). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The answer of a status: empty, or with the body and fields that belong to it. */
export function statusAnswer(status: number): Response {
  const carried = CARRIED[status];
  if (BODILESS.has(status)) return new Response(null, { status });
  if (carried !== undefined && carried.body === undefined) {
    return new Response(null, { status, headers: carried.headers ?? {} });
  }
  return new Response(carried?.body ?? "", {
    status,
    headers: { "content-type": "text/html; charset=utf-8", ...carried?.headers },
  });
}

/** Parses a status.
 * @throws {HttpError} 400 when an answer cannot have it */
export function statusCode(text: string): number {
  const code = /^[+-]?\d{1,9}$/.test(text.trim()) ? Number(text) : NaN;
  if (code >= 200 && code <= 599) return code;
  throw new HttpError(400, "Invalid status code: expected 200 to 599");
}

interface Choice {
  readonly code: number;
  readonly weight: number;
}

/** `503`, `200,503` or `200:3,503:1`. */
function parseChoices(codes: string): Choice[] {
  return codes.split(",").map((choice) => {
    const [code = "", weight = "1", ...rest] = codes.includes(",") ? choice.split(":") : [choice];
    const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(weight.trim()) ? Number(weight) : NaN;
    if (rest.length > 0 || !Number.isFinite(value)) throw new HttpError(400, "Invalid status code");
    return { code: statusCode(code), weight: value };
  });
}

function pick(choices: readonly Choice[], random: () => number): number {
  let left = random() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const { code, weight } of choices) {
    left -= weight;
    if (left < 0) return code;
  }
  return choices.at(-1)!.code;
}

async function handle(request: ParsedRequest, random: () => number, delays: Delays) {
  const code = pick(parseChoices(request.param("codes")), random);
  const delay = request.queryValue("delay");
  if (delay !== undefined) {
    await delays.wait(milliseconds(delay, "delay", MAX_DELAY_MS), request);
  }
  return statusAnswer(code);
}

export const status: readonly InspectEndpoint[] = [
  {
    group: "Status and redirects",
    path: "/status/:codes",
    methods: COMMON,
    summary: "That status, or one of several by chance, by weight if you like",
    parameters: [
      { name: "codes", in: "path", example: "503", help: "503, or 200,503, or 200:3,503:1" },
      { name: "delay", in: "query", example: "", help: "seconds to wait first, at most 10" },
    ],
    status: 503,
    handle: (request, { context, delays }) => handle(request, context.random, delays),
  },
];
