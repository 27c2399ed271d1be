// Which transport a scheme means for what is served: `unix` carries sessions for a protocol and
// requests for an HTTP application.

import type { HttpApp } from "../core/http_app.ts";
import type { OptionTable } from "../core/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { serverKinds } from "../servers/index.ts";

const kinds: readonly ServerKind[] = serverKinds;

/** The transports that can carry it. */
export function kindsFor(what: Protocol | HttpApp): readonly ServerKind[] {
  const carries = "framing" in what ? "sessions" : "requests";
  return kinds.filter((kind) => kind.carries === carries);
}

/** Every option that has an effect on what is served on these schemes, apart from those of `serve`
 * itself. */
export function optionsFor(
  what: Protocol | HttpApp,
  schemes: ReadonlySet<string | undefined>,
): OptionTable {
  const used = kindsFor(what).filter((kind) => schemes.has(kind.name));
  return Object.assign({}, what.options, ...used.map((kind) => kind.options));
}
