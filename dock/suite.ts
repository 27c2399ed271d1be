// Starts several servers at once, all or none.

import type { Endpoint } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Protocol } from "../core/protocol.ts";
import { UsageError } from "../core/usage_error.ts";
import { type Dock, serve, type ServeHooks } from "./serve.ts";

/** One server of a suite. */
export interface SuiteEntry {
  /** What is served. */
  readonly what: Protocol | HttpApp;
  /** Where, as in `serve`. */
  readonly urls: readonly (string | Endpoint)[];
  /** Options of `serve`, without its hooks. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Place of the entry in its configuration, such as `harbour.toml:4: server[1]`, which begins the
   * message of an error. */
  readonly where?: string;
}

/** A running suite. Disposing it stops all of it now. */
export interface Suite extends AsyncDisposable {
  /** One for each entry, in their order. */
  readonly docks: readonly Dock[];
  /** Shuts all servers down, as a server's `shutdown` does. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Starts all entries. Resolves once all of them listen; if one cannot, the others are closed
 * again and the error goes on.
 *
 * ```ts
 * import { echo, startSuite, upper } from "@sockdock/sockdock";
 *
 * await using suite = await startSuite([
 *   { what: echo, urls: ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"] },
 *   { what: upper, urls: ["tcp://127.0.0.1:0"], options: { maxConnections: 10 } },
 * ]);
 * console.log(suite.docks.flatMap((dock) => dock.urls));
 * ```
 *
 * @throws as `serve` does */
export async function startSuite(
  entries: readonly SuiteEntry[],
  hooks: ServeHooks = {},
): Promise<Suite> {
  await using stack = new AsyncDisposableStack();
  const docks: Dock[] = [];
  for (const entry of entries) docks.push(stack.use(await start(entry, hooks)));
  const held = stack.move();
  return {
    docks,
    async shutdown(options) {
      await Promise.all(docks.map((dock) => dock.shutdown(options)));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function start({ what, urls, options, where }: SuiteEntry, hooks: ServeHooks): Promise<Dock> {
  try {
    return await serve(urls, what, { ...options, ...hooks });
  } catch (error) {
    if (where === undefined || !(error instanceof UsageError)) throw error;
    throw new UsageError(`${where}: ${error.message}`, { cause: error });
  }
}
