// The URL schemes, and the transport for each: `unix` has one for sessions of a protocol and one
// for requests of an HTTP application.

import { clientKinds } from "../clients/index.ts";
import type { Addressing } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { serverKinds } from "../servers/index.ts";

const kinds: readonly ServerKind[] = serverKinds;

/** The schemes of servers, with the kind of address of each. */
export const serverSchemes: ReadonlyMap<string, Addressing> = new Map(
  serverKinds.map((kind) => [kind.name, kind.addressing]),
);

/** The schemes of clients, with the kind of address of each. */
export const clientSchemes: ReadonlyMap<string, Addressing> = new Map(
  clientKinds.map((kind) => [kind.name, kind.addressing]),
);

/** The transports that can carry a protocol or an application. */
export function kindsFor(
  served: Pick<Protocol, "name" | "framing"> | Pick<HttpApp, "name">,
): readonly ServerKind[] {
  const carries = "framing" in served ? "sessions" : "requests";
  return kinds.filter((kind) => kind.carries === carries);
}
