// One HTTP request by a client of its own: HTTP/1.1 on a connection of our own, so that our own
// address, TLS options and deadlines hold for it as for every other client (RFC 9110, RFC 9112).

import { createHttpClient, type FetchOptions } from "./http/client.ts";
import type { FetchResponse } from "./http/message.ts";

/** Makes an HTTP request. Resolves when the head of the response is there; redirects are followed
 * only up to `maxRedirects`, with the cookies that they set, and neither credentials nor cookies go
 * to another origin. `createHttpClient` makes a client that remembers from one request to the next.
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
