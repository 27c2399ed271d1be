// The HTTP/1.1 client: one request on a connection of our own, so that our own address, TLS
// options and deadlines hold for it as for every other client (RFC 9110, RFC 9112).

import {
  duration,
  integer,
  type OptionValues,
  resolveOptions,
  size,
  text,
} from "../core/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { Deadline } from "./deadline.ts";
import { ask, type Asked } from "./http_exchange.ts";
import { routeOptions } from "./tcp.ts";
import { tlsClientOptions } from "./tls_trust.ts";

/** Options of `fetchUrl` that are plain values: the command line has them too. */
export const fetchOptions = {
  ...routeOptions,
  ...tlsClientOptions,
  unixSocket: text({ metavar: "path", help: "connect to this Unix socket instead of the host" }),
  connectTimeoutMs: duration({ default: 10_000, min: 1, help: "how long to try to connect" }),
  maxTimeMs: duration({
    default: Infinity,
    min: 1,
    allowNone: true,
    help: "how long the whole request may take",
  }),
  maxRedirects: integer({
    default: 0,
    min: 0,
    max: 100,
    help: "how many redirects to follow",
  }),
  maxBodyBytes: size({
    default: 64 * 1024 * 1024,
    min: 0,
    help: "largest body to hold in memory",
  }),
} as const;

/** What to ask for. */
export interface FetchRequest {
  /** Default: GET, or POST with a body. */
  readonly method?: string;
  /** In the order in which they are sent. */
  readonly headers?: Iterable<readonly [name: string, value: string]>;
  readonly body?: Uint8Array | string;
  /** Sent as a JSON body. */
  readonly json?: unknown;
  /** Sent as an `application/x-www-form-urlencoded` body. */
  readonly form?: Iterable<readonly [name: string, value: string]>;
  /** Sent to the origin of the URL alone, by basic authentication (RFC 7617). */
  readonly credentials?: { readonly user: string; readonly password: string };
  /** Read no more than this of the body, and then close. Default: all of it. */
  readonly bytes?: number | undefined;
  /** Ask for gzip, deflate or br, and undo it. Default: false. */
  readonly compressed?: boolean;
  /** Told of each response that redirects, before it is followed. */
  readonly onRedirect?: (response: ResponseHead) => void;
  readonly signal?: AbortSignal;
}

/** All that `fetchUrl` takes. */
export type FetchOptions = FetchRequest & Partial<OptionValues<typeof fetchOptions>>;

/** The head of a response. */
export interface ResponseHead {
  /** What was asked, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  /** As they came. */
  readonly headerList: readonly (readonly [name: string, value: string])[];
  readonly headers: Headers;
}

/** A response. Read its body once, or dispose it: either closes the connection. */
export interface FetchResponse extends ResponseHead, AsyncDisposable {
  /** The body, in parts as they come.
   * @throws {Error} when the connection breaks before the body's end */
  readonly body: AsyncIterable<Uint8Array>;
  /** The whole body.
   * @throws {RangeError} when it is larger than `maxBodyBytes` */
  bytes(): Promise<Uint8Array>;
  text(): Promise<string>;
  json(): Promise<unknown>;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Makes an HTTP request. Resolves when the head of the response is there; redirects are followed
 * only up to `maxRedirects`, and neither credentials nor cookies go to another origin.
 *
 * ```ts
 * import { fetchUrl, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("http://127.0.0.1:0", () => new Response("ahoy"));
 * await using response = await fetchUrl(server.url);
 * console.log(response.status, await response.text()); // 200 ahoy
 * ```
 *
 * @throws {UsageError} when the URL or an option cannot work
 * @throws {DOMException} named TimeoutError when it takes too long
 * @throws {Error} when the server cannot be reached or breaks off, naming the URL */
export async function fetchUrl(url: string, options: FetchOptions = {}): Promise<FetchResponse> {
  const { request, values } = split(options);
  const deadline = new Deadline(values.maxTimeMs, request.signal);
  try {
    let asked = prepare(url, request);
    for (let left = values.maxRedirects;; left--) {
      const { response, close } = await ask(asked, request, values, deadline);
      const location = response.headers.get("location");
      if (left === 0 || location === null || !REDIRECTS.has(response.status)) return response;
      request.onRedirect?.(response);
      close();
      asked = redirected(asked, response.status, location);
    }
  } catch (error) {
    deadline[Symbol.dispose]();
    throw deadline.explain(`Cannot fetch ${url}`, error);
  }
}

function split(options: FetchOptions) {
  const {
    method,
    headers,
    body,
    json,
    form,
    credentials,
    bytes,
    compressed,
    onRedirect,
    signal,
    ...rest
  } = options;
  const request = {
    method,
    headers,
    body,
    json,
    form,
    credentials,
    bytes,
    compressed,
    onRedirect,
    signal,
  };
  return { request, values: resolveOptions(fetchOptions, rest) };
}

type Request = ReturnType<typeof split>["request"];

function prepare(text: string, request: Request): Asked {
  const url = parseUrl(text);
  const given = [request.body, request.json, request.form].filter((body) => body !== undefined);
  if (given.length > 1) throw new UsageError("a request has one body: raw, JSON or form");
  const headers: (readonly [string, string])[] = [];
  const has = (name: string) => headers.some(([one]) => one.toLowerCase() === name);
  for (const [name, value] of request.headers ?? []) {
    if (!TOKEN.test(name)) throw new UsageError(`"${name}" cannot be the name of a header`);
    if (!FIELD_VALUE.test(value)) {
      throw new UsageError(`the header ${name} cannot have the value ${JSON.stringify(value)}`);
    }
    headers.push([name, value]);
  }
  let body: Uint8Array | undefined;
  const encoder = new TextEncoder();
  if (request.json !== undefined) {
    body = encoder.encode(JSON.stringify(request.json));
    if (!has("content-type")) headers.push(["content-type", "application/json"]);
  } else if (request.form !== undefined) {
    body = encoder.encode(
      new URLSearchParams([...request.form].map((pair) => [...pair])).toString(),
    );
    if (!has("content-type")) headers.push(["content-type", "application/x-www-form-urlencoded"]);
  } else if (request.body !== undefined) {
    body = typeof request.body === "string" ? encoder.encode(request.body) : request.body;
  }
  const { credentials } = request;
  if (credentials !== undefined && !has("authorization")) {
    if (credentials.user.includes(":")) throw new UsageError("a user name holds no colon");
    let binary = "";
    for (const byte of encoder.encode(`${credentials.user}:${credentials.password}`)) {
      binary += String.fromCharCode(byte);
    }
    headers.push(["authorization", `Basic ${btoa(binary)}`]);
  }
  if (!has("user-agent")) headers.push(["user-agent", "sockdock"]);
  if (!has("accept")) headers.push(["accept", "*/*"]);
  if (request.compressed && !has("accept-encoding")) {
    headers.push(["accept-encoding", "gzip, deflate, br"]);
  }
  const method = request.method ?? (body === undefined ? "GET" : "POST");
  if (!TOKEN.test(method)) throw new UsageError(`"${method}" cannot be a method`);
  return { url, method, headers, body };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) {
    throw new UsageError(`"${text}" is not a URL; write it as http://host/path`);
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`"${text}" is not an HTTP URL; its scheme must be http or https`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`the URL of ${url.host} carries a user name; give it with -u instead`);
  }
  return url;
}

/** Where a redirect goes. What is wrong with it is the server's fault, so it is no UsageError. */
function targetOf(from: URL, location: string): URL {
  const url = URL.parse(location, from);
  const why = url === null
    ? "which is not a URL"
    : url.protocol !== "http:" && url.protocol !== "https:"
    ? "which is not an HTTP URL"
    : url.username !== "" || url.password !== ""
    ? "which carries a user name"
    : undefined;
  if (url !== null && why === undefined) return url;
  throw new Error(`${from} redirects to "${location}", ${why}`);
}

/** What a redirect asks for next (RFC 9110 15.4). */
function redirected(asked: Asked, status: number, location: string): Asked {
  const url = targetOf(asked.url, location);
  const toGet = status === 303 && asked.method !== "HEAD" ||
    (status === 301 || status === 302) && asked.method === "POST";
  const dropped = new Set([
    ...(url.origin === asked.url.origin ? [] : ["authorization", "cookie", "host"]),
    ...(toGet ? ["content-type", "content-length", "content-encoding"] : []),
  ]);
  return {
    url,
    method: toGet ? "GET" : asked.method,
    headers: asked.headers.filter(([name]) => !dropped.has(name.toLowerCase())),
    body: toGet ? undefined : asked.body,
  };
}
