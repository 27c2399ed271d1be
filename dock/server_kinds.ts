// Which transport a scheme means for what is served: `unix` carries sessions for a protocol and
// requests for an HTTP application.

import type { HttpApp } from "../core/http/app.ts";
import type { Carrier } from "../core/layer.ts";
import type { OptionTable } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { layerOptionsFor } from "./layer_stack.ts";
import { upstreamOptionsFor } from "./upstream.ts";
import { serverKinds } from "../servers/index.ts";

const kinds: readonly ServerKind[] = serverKinds;

/** The transports that can carry it. */
export function kindsFor(what: Protocol | HttpApp): readonly ServerKind[] {
  const carries = "framing" in what ? "sessions" : "requests";
  return kinds.filter((kind) => kind.carries === carries);
}

/** What the layers on a transport wrap; null when it takes none. */
export function carrierOf(kind: ServerKind): Carrier | null {
  return kind.carries === "sessions" ? kind.carrier : null;
}

/** Every option that has an effect on what is served at these URLs, apart from those of `serve`
 * itself. What is wrong with a URL is for others to say.
 *
 * @param given the options, of which some may add layers */
export function optionsFor(
  what: Protocol | HttpApp,
  urls: readonly string[],
  given: Readonly<Record<string, unknown>>,
): OptionTable {
  const schemes = new Set(urls.map((url) => /^[a-z0-9]+/i.exec(url)?.[0].toLowerCase()));
  const used = kindsFor(what).filter((kind) => schemes.has(kind.name));
  const carriers = used.map(carrierOf);
  return Object.assign(
    {},
    what.options,
    "dials" in what && what.dials ? upstreamOptionsFor(given) : {},
    layerOptionsFor(urls, given, carriers),
    ...used.map((kind) => kind.options),
  );
}
