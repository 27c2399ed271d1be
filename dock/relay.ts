// The function `relay`: serves on one endpoint and forwards its sessions to another.

import type { NoOptions } from "../core/protocol.ts";
import { relay as relayProtocol } from "../protocols/relay.ts";
import { type Dock, serve, type ServeOptions } from "./serve.ts";

/** Options of `relay`: those of `serve` for the listening side, with `fault` and `seed` for its
 * network, and those of `connect` for the other side under names that begin with `upstream`. */
export type RelayOptions = ServeOptions<NoOptions>;

/** Listens, and passes every session on to another endpoint of any transport, with faults on request.
 * Resolves once it listens; the upstream need not be there yet, and a session that cannot reach it is
 * closed.
 *
 * ```ts
 * import { echo, relay, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * await using slow = await relay("tcp://127.0.0.1:0", server.url, { fault: ["latency=20ms"] });
 * console.log(new TextDecoder().decode(await send(slow.url, "hello"))); // hello
 * ```
 *
 * @throws {UsageError} when a URL, an option or their combination cannot work
 * @throws {Error} when the socket cannot be opened, naming its URL */
export function relay(
  listenUrl: string | readonly string[],
  upstreamUrl: string,
  options: RelayOptions = {},
): Promise<Dock> {
  return serve(listenUrl, relayProtocol, { ...options, to: upstreamUrl });
}
