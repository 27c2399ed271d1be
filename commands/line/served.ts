// What can be served, by the name it has on the command line and in a configuration.

import type { HttpApp } from "../../core/http/app.ts";
import { didYouMean } from "../../core/options/nearest.ts";
import { mergeTables, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { serveOptions } from "../../dock/serve.ts";
import { idleLayerOptions } from "../../dock/layer_stack.ts";
import { optionsFor } from "../../dock/server_kinds.ts";
import { upstreamOptions } from "../../dock/upstream.ts";
import { protocols } from "../../protocols/index.ts";
import { layerGroup, layerOptions } from "./layer_options.ts";
import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";

/** Everything that `serve` and `up` can start. */
export const served: readonly (Protocol | HttpApp)[] = [...protocols, ...apps];

/** The protocol or application of a name.
 * @throws {UsageError} when there is none */
export function servedByName(name: string): Protocol | HttpApp {
  const found = served.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = served.map((one) => one.name);
  throw new UsageError(
    `unknown protocol "${name}"${didYouMean(name, names)}; known are ${names.join(", ")}`,
  );
}

const ofProtocols: OptionTable = mergeTables(...served.map((one) => one.options));
const ofTransports: OptionTable = mergeTables(...serverKinds.map((kind) => kind.options));

/** Every option that anything served understands. */
export const servedOptions: OptionTable = mergeTables(
  serveOptions,
  ofProtocols,
  ofTransports,
  layerOptions,
  upstreamOptions,
);

/** What a relay is told of the side that it dials. */
export const upstreamGroup = { title: "Upstream", options: upstreamOptions } as const;

/** The same, grouped for help. */
export const servedGroups = [
  { title: "Protocols", options: ofProtocols },
  { title: "Transports", options: ofTransports },
  layerGroup,
  upstreamGroup,
] as const;

/** The options that concern what is served where. What the environment sets for other protocols
 * and transports is left out; what the command line sets stays, so that it is refused. */
export function concerning(
  values: Readonly<Record<string, unknown>>,
  given: ReadonlySet<string>,
  flags: ReadonlySet<string>,
  what: Protocol | HttpApp,
  urls: readonly string[],
): Record<string, unknown> {
  const table = tableFor(what, urls, values);
  const asked = Object.fromEntries([...given].map((key) => [key, values[key]]));
  const idle = new Set(urls.flatMap((url) => idleLayerOptions(url, asked)));
  const kept = [...given].filter((key) =>
    Object.hasOwn(servedOptions, key) &&
    (flags.has(key) || (Object.hasOwn(table, key) && !idle.has(key)))
  );
  return Object.fromEntries(kept.map((key) => [key, values[key]]));
}

/** The options that have an effect on what is served where. What is wrong with a URL is for others to
 * say.
 *
 * @param given the options, of which some may add layers */
export function tableFor(
  what: Protocol | HttpApp,
  urls: readonly string[],
  given: Readonly<Record<string, unknown>>,
): OptionTable {
  return { ...serveOptions, ...optionsFor(what, urls, given) };
}
