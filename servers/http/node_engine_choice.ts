// When HTTP runs on node:http: only where it has to, because Deno's engine is many times faster, or
// where hardly anything reaches it.

import type { Connection } from "../../core/connection.ts";
import { hasGoodNodeTls } from "../../core/tls/node_connection.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import type { HttpEngine } from "./engine.ts";
import type { HttpRules } from "./rules.ts";

/** Whether this runtime's node:http serves connections of ours, which it learned when node:tls did:
 * before, it takes them and says nothing. */
export function hasNodeHttp(): boolean {
  return hasGoodNodeTls();
}

/** The engine for an application that has WebSockets; null for any other, and where there is none,
 * which is said. */
export async function nodeHttpEngineFor(
  { service, name, context }: RequestWork,
  scheme: "http" | "https",
): Promise<HttpEngine<Connection> | null> {
  if (!service.upgrade) return null;
  if (!hasNodeHttp()) {
    const text = `the WebSockets of ${name} need Deno 2.7.14 or newer; ` +
      `this is ${Deno.version.deno}, and serves all but them`;
    context.emit({ event: "notice", text });
    return null;
  }
  return await loadNodeHttpEngine(scheme);
}

/** The engine on node:http, for a listener that Deno's engine cannot take. */
export async function loadNodeHttpEngine(
  scheme: "http" | "https",
): Promise<HttpEngine<Connection>> {
  const { nodeHttpEngine } = await import("./node_engine.ts");
  return await nodeHttpEngine(scheme);
}

/** The engine for an application that has answers ready, which has to see what others look at
 * first: nothing where every request is watched or has to say who it is. */
export async function quickEngineFor(
  { service, watch }: RequestWork,
  { authenticate, guard }: HttpRules,
): Promise<HttpEngine<Connection> | null> {
  if (!service.quick || watch || authenticate !== null || !hasNodeHttp()) return null;
  const { quickHttpEngine } = await import("./quick_engine.ts");
  return quickHttpEngine(await loadNodeHttpEngine("http"), guard);
}
