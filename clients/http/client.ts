// The HTTP client (RFC 9110, RFC 9112): one exchange, wrapped in turn for cookies, authentication,
// retries and redirects.

import { resolveOptions } from "../../core/options/option.ts";
import { type Cookie, CookieJar } from "./cookie_jar.ts";
import { checkCredentials, type Credentials } from "./credentials.ts";
import { Deadline } from "../deadline.ts";
import { keyLogNotice } from "../tls/key_log.ts";
import { Authentication } from "./authentication.ts";
import { withCookies } from "./cookies.ts";
import { ask } from "./exchange.ts";
import type { Exchange, FetchResponse } from "./message.ts";
import { fetchOptions } from "./options.ts";
import type { FetchValues } from "./option_types.ts";
import { chooseProxy } from "./proxy.ts";
import { withRedirects } from "./redirect.ts";
import { type FetchRequest, parseHttpUrl, prepareRequest } from "./request.ts";
import { waitFor, withRetries } from "./retry.ts";
import { Stopwatch } from "./timing.ts";

/** Options of one request. */
export interface FetchOptions extends FetchRequest, FetchValues {}

/** Options of a client, shared by all its requests. Options of `fetchUrl` are defaults for each
 * request. */
export interface HttpClientOptions extends FetchValues {
  /** Credentials by realm and URL prefix. They are sent only on a challenge of their own protection
   * space; once accepted, they are sent there with every request. */
  readonly credentials?: Iterable<Credentials>;
  /** Initial cookies. */
  readonly cookies?: Iterable<Cookie>;
  /** Chance in the waits between tries, at least 0 and below 1. @default Math.random */
  readonly random?: () => number;
  /** Waits between tries. @default a timer */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970, for cookies and waits. @default Date.now */
  readonly now?: () => number;
}

/** A client that keeps cookies, and the credentials of protection spaces. */
export interface HttpClient {
  /** Makes a request, as `fetchUrl` does. */
  fetch(url: string, options?: FetchOptions): Promise<FetchResponse>;
  /** Current cookies. */
  readonly cookies: readonly Cookie[];
}

/** Makes an HTTP client whose requests share credentials and cookies. It holds no connection, so
 * there is nothing to close.
 *
 * ```ts
 * import { serve } from "@sockdock/sockdock";
 * import { createHttpClient } from "@sockdock/sockdock/http";
 *
 * await using server = await serve("http://127.0.0.1:0", (request) =>
 *   request.headers.get("authorization") === `Basic ${btoa("klem:secret")}`
 *     ? new Response("welcome")
 *     : new Response("who?", {
 *       status: 401,
 *       headers: { "www-authenticate": 'Basic realm="harbour"' },
 *     }));
 *
 * const client = createHttpClient({
 *   credentials: [{ prefix: server.url, realm: "harbour", user: "klem", password: "secret" }],
 * });
 * await using response = await client.fetch(server.url);
 * console.log(await response.text()); // welcome
 * ```
 *
 * @throws {UsageError} when credentials are for no URL
 * @throws {TypeError | RangeError} when an option is not what it should be */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const {
    credentials = [],
    cookies = [],
    random = Math.random,
    wait = waitFor,
    now = Date.now,
    ...defaults
  } = options;
  resolveOptions(fetchOptions, defaults, CLIENT_KEYS);
  const authentication = new Authentication([...credentials].map((one) => checkCredentials(one)));
  const jar = new CookieJar({ now });
  for (const cookie of cookies) jar.add(cookie);
  let hasNoticed = false;
  return {
    get cookies() {
      return jar.cookies;
    },
    async fetch(url, options = {}) {
      const clock = () => performance.now();
      const beganMs = clock();
      const { request, values: given } = split(options);
      const values = resolveOptions(fetchOptions, { ...defaults, ...given }, REQUEST_KEYS);
      const { onRedirect, onRetry, onNotice, bytes, compressed, proxies: rules = {} } = request;
      const prepared = prepareRequest(url, request);
      const own = ownCredentials(url, request);
      const deadline = new Deadline(values.maxTimeMs, request.signal);
      const { signal } = deadline;
      const exchange: Exchange = async (prepared) => {
        if (prepared.url.protocol === "https:" && onNotice !== undefined && !hasNoticed) {
          hasNoticed = true;
          const text = keyLogNotice(values);
          if (text !== null) onNotice(text);
        }
        const viaSocket = values.unixSocket !== undefined;
        return await ask(prepared, {
          values,
          reading: { bytes, compressed },
          proxy: viaSocket ? undefined : await chooseProxy(prepared.url, { ...values, rules }),
          stopwatch: new Stopwatch(beganMs, clock),
          deadline,
          onStep: request.onStep,
        });
      };
      const authenticated = authentication.over(withCookies(exchange, jar), own);
      const tried = withRetries(authenticated, { values, onRetry, random, wait, now, signal });
      const redirected = withRedirects(tried, { maxRedirects: values.maxRedirects, onRedirect });
      try {
        return (await redirected(prepared)).response;
      } catch (error) {
        deadline[Symbol.dispose]();
        throw deadline.explain(`Cannot fetch ${url}`, error);
      }
    },
  };
}

/** Makes an HTTP request. Resolves when the head of the response is there; redirects are followed
 * only up to `maxRedirects`, with the cookies that they set. Another origin is sent neither credentials
 * nor cookies, and of the given headers only Accept and those that begin so, User-Agent, Range and
 * those of the body. `createHttpClient` makes a client that remembers from one request to the next.
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
  return await createHttpClient().fetch(url, options);
}

/** Credentials of a request are for the origin of its URL. */
function ownCredentials(url: string, { credentials }: FetchRequest) {
  if (credentials === undefined) return [];
  const prefix = `${parseHttpUrl(url).origin}/`;
  const atOnce = credentials.realm === undefined && credentials.scheme === undefined;
  return [checkCredentials({ ...credentials, prefix }, { atOnce })];
}

function split(options: FetchOptions): {
  readonly request: FetchRequest;
  readonly values: FetchValues;
} {
  const own = Object.entries(options).filter(([, value]) => value !== undefined);
  const isRequest = ([key]: readonly [string, unknown]) => REQUEST_KEYS.has(key);
  return {
    request: Object.fromEntries(own.filter(isRequest)),
    values: Object.fromEntries(own.filter((entry) => !isRequest(entry))),
  };
}

const REQUEST_KEYS: ReadonlySet<string> = new Set<keyof FetchRequest>([
  "method",
  "headers",
  "withoutHeaders",
  "body",
  "bodyLengthBytes",
  "bodyType",
  "json",
  "form",
  "multipart",
  "credentials",
  "bytes",
  "compressed",
  "proxies",
  "onRedirect",
  "onRetry",
  "onNotice",
  "onStep",
  "signal",
]);

const CLIENT_KEYS: readonly string[] = [
  "credentials",
  "cookies",
  "random",
  "wait",
  "now",
] satisfies readonly (keyof HttpClientOptions)[];
