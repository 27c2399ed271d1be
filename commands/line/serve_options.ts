// What can be served, by the name it has on the command line and in a configuration, and which options
// go on to `serve`.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { HttpApp } from "../../core/http/app.ts";
import { didYouMean } from "../../core/options/nearest.ts";
import { mergeTables, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { optionsForServing, serveOptions } from "../../dock/applicable.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { upstreamOptions } from "../../dock/upstream.ts";
import { protocols } from "../../protocols/index.ts";
import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";
import type { Invocation } from "../command.ts";
import { givenOf } from "./arguments.ts";
import { layerGroup } from "./dial_options.ts";

/** Everything that `serve` and `up` can start. */
export const served: readonly (Protocol | HttpApp)[] = [...protocols, ...apps];

/** An entry of a suite whose URLs were read. */
export interface PlannedEntry extends SuiteEntry {
  readonly urls: readonly Endpoint[];
}

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
  layerGroup.options,
  upstreamOptions,
);

/** The options for the session that a relay dials, for help. */
export const upstreamGroup = { title: "Upstream", options: upstreamOptions } as const;

/** All of them, grouped for help. */
export const servedGroups = [
  { title: "Protocols", options: ofProtocols },
  { title: "Transports", options: ofTransports },
  layerGroup,
  upstreamGroup,
] as const;

/** Reads the URLs to serve on and the options that go on to `serve`. What the environment sets for other
 * protocols and transports is left out; what the command line sets stays, so that it is refused.
 *
 * @param operand option values that words of the command line stand for
 * @throws {UsageError} when a text is not such a URL */
export function readServe(
  what: Protocol | HttpApp,
  urls: readonly string[],
  operand: Readonly<Record<string, unknown>>,
  { options, given, flags }: Pick<Invocation, "options" | "given" | "flags">,
): {
  readonly endpoints: readonly Endpoint[];
  /** The options that have an effect. */
  readonly table: OptionTable;
  readonly asked: Readonly<Record<string, unknown>>;
} {
  const endpoints = urls.map((url) => parseEndpoint(url, serverSchemes));
  const all = { ...givenOf(servedOptions, { options, given }), ...operand };
  const table = optionsForServing(what, endpoints, all);
  const kept = Object.entries(all)
    .filter(([key]) => flags.has(key) || Object.hasOwn(table, key));
  return { endpoints, table, asked: Object.fromEntries(kept) };
}
