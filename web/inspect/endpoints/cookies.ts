// The endpoints that show, set and delete cookies (RFC 6265). A value that a cookie cannot carry as
// it is goes between quotation marks with octal escapes, as in Python's http.cookies.

import type { ParsedRequest } from "../parsed_request.ts";
import { GET, type InspectEndpoint } from "../endpoint.ts";
import { jsonAnswer } from "../json_answer.ts";
import { redirectAnswer } from "./redirects.ts";
import { HttpError, quote } from "../http_error.ts";

/** The cookies of a Cookie header, the first of each name. */
export function parseCookies(header: string | null): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const [, name = "", value = ""] of `${header ?? ""};`.matchAll(COOKIE)) {
    const key = name.trim();
    if (key !== "" && !cookies.has(key)) cookies.set(key, unquote(value.trim()));
  }
  return cookies;
}

const COOKIE = /([^=;]*)(?:=\s*("(?:[^\\"]|\\.)*"|[^;]*))?\s*;/g;

function unquote(value: string): string {
  const inside = /^"(.*)"$/s.exec(value)?.[1];
  const bytes = (inside ?? value).replace(
    /\\([0-3][0-7][0-7])|\\(.)/g,
    (whole: string, octal: string | undefined, character: string) =>
      inside === undefined
        ? whole
        : octal === undefined
        ? character
        : String.fromCharCode(parseInt(octal, 8)),
  );
  // In a header field each character is one byte.
  // deno-lint-ignore no-control-regex
  if (!/[^\x00-\x7f]/.test(bytes) || /[^\x00-\xff]/.test(bytes)) return bytes;
  return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
}

interface CookieAttributes {
  readonly secure?: boolean;
  /** Whether the cookie is deleted instead. */
  readonly expired?: boolean;
}

/** The value of a Set-Cookie field that holds for every path.
 * @throws {HttpError} 400 when no cookie can have that name */
export function setCookie(name: string, value: string, attributes: CookieAttributes = {}): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
    throw new HttpError(400, `A cookie cannot be named ${quote(name)} (RFC 6265).`);
  }
  return [
    `${name}=${quoted(value)}`,
    ...(attributes.expired ? ["Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Max-Age=0"] : []),
    ...(attributes.secure ? ["Secure"] : []),
    "Path=/",
  ].join("; ");
}

function quoted(value: string): string {
  if (/^[A-Za-z0-9/=!#$%&'*+\-.^_`|~:]*$/.test(value)) return value;
  let text = "";
  for (const byte of new TextEncoder().encode(value)) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") text += `\\${character}`;
    else if (byte < 32 || byte >= 127 || character === "," || character === ";") {
      text += `\\${byte.toString(8).padStart(3, "0")}`;
    } else text += character;
  }
  return `"${text}"`;
}

function setCookiesAnswer(
  request: ParsedRequest,
  cookies: Iterable<readonly [name: string, value: string]>,
  { expired = false } = {},
): Response {
  const response = redirectAnswer("/cookies");
  const seen = new Set<string>();
  const secure = request.url.startsWith("https:") && !expired;
  for (const [name, value] of cookies) {
    if (seen.has(name)) continue;
    seen.add(name);
    const attributes = { secure, expired };
    response.headers.append("set-cookie", setCookie(name, expired ? "" : value, attributes));
  }
  return response;
}

export const cookies: readonly InspectEndpoint[] = [
  {
    group: "Cookies",
    path: "/cookies",
    methods: GET,
    summary: "The cookies that came",
    handle: (request) =>
      jsonAnswer({ cookies: Object.fromEntries(parseCookies(request.header("cookie"))) }),
  },
  {
    group: "Cookies",
    path: "/cookies/set",
    methods: GET,
    summary: "Sets those of the query, then leads to /cookies",
    parameters: [{
      name: "harbour",
      in: "query",
      free: true,
      example: "north",
      help: "any names and values",
    }],
    status: 302,
    handle: (request) => setCookiesAnswer(request, request.query),
  },
  {
    group: "Cookies",
    path: "/cookies/set/:name/:value",
    methods: GET,
    summary: "Sets one, then leads to /cookies",
    parameters: [
      { name: "name", in: "path", example: "berth", help: "its name" },
      { name: "value", in: "path", example: "12", help: "its value" },
    ],
    status: 302,
    handle: (request) =>
      setCookiesAnswer(request, [[request.param("name"), request.param("value")]]),
  },
  {
    group: "Cookies",
    path: "/cookies/delete",
    methods: GET,
    summary: "Deletes those that the query names, then leads to /cookies",
    parameters: [{
      name: "harbour",
      in: "query",
      free: true,
      example: "north",
      help: "any names; their values do not matter",
    }],
    status: 302,
    handle: (request) => setCookiesAnswer(request, request.query, { expired: true }),
  },
];
