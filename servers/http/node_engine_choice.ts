// The choice between node:http and Deno's engine: node:http only where it is needed, because Deno's
// engine is many times faster, or where hardly any request reaches it.

import type { Connection } from "../../core/connection.ts";
import { hasFeature, needsRuntime } from "../../core/runtime.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import type { HttpEngine } from "./engine.ts";
import type { HttpRules } from "./rules.ts";

/** Returns the engine for an application with WebSockets; null for any other, and on a runtime
 * without one, with a notice. */
export async function nodeHttpEngineFor(
  { service, name, context }: RequestWork,
  scheme: "http" | "https",
): Promise<HttpEngine<Connection> | null> {
  if (!service.upgrade) return null;
  if (!hasFeature("nodeHttp")) {
    const why = needsRuntime("nodeHttp", `serving the WebSockets of ${name}`);
    context.emit({ event: "notice", text: `${why}; all else is served` });
    return null;
  }
  return await loadNodeHttpEngine(scheme);
}

/** Loads the engine on node:http, for a listener that Deno's engine does not support. */
export async function loadNodeHttpEngine(
  scheme: "http" | "https",
): Promise<HttpEngine<Connection>> {
  const { nodeHttpEngine } = await import("./node_engine.ts");
  return await nodeHttpEngine(scheme);
}

/** Returns the engine for an application with ready answers; null where requests are watched or
 * authenticated, because those checks come first. */
export async function quickEngineFor(
  { service, watch }: RequestWork,
  { authenticate, guard }: HttpRules,
  scheme: "http" | "https",
): Promise<HttpEngine<Connection> | null> {
  if (!service.quick || watch || authenticate !== null || !hasFeature("nodeHttp")) return null;
  const { quickHttpEngine } = await import("./quick_engine.ts");
  return quickHttpEngine(await loadNodeHttpEngine(scheme), guard);
}
