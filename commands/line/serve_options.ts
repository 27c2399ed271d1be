// Protocols and applications by their name on the command line and in a configuration, and the
// options that apply to each.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { HttpApp } from "../../core/http/app.ts";
import { type Given, mergeTables, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { fittingOptions, optionsForServing, serveOptions } from "../../dock/applicable.ts";
import { layerOptions } from "../../dock/layer_stack.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import { servable } from "../../dock/served.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { upstreamOptions } from "../../dock/upstream.ts";
import { serverKinds } from "../../servers/index.ts";

const ofProtocols: OptionTable = mergeTables(...servable.map((one) => one.options));
const ofTransports: OptionTable = mergeTables(...serverKinds.map((kind) => kind.options));

export { servable, servedByName } from "../../dock/served.ts";

/** Options of all protocols, applications, server transports and layers. */
export const servedOptions: OptionTable = mergeTables(
  serveOptions,
  ofProtocols,
  ofTransports,
  layerOptions,
  upstreamOptions,
);

/** The options for the session that a relay dials, for help. */
export const upstreamGroup = { title: "Upstream", options: upstreamOptions } as const;

/** All of them, grouped for help. */
export const servedGroups = [
  { title: "Protocols", options: ofProtocols },
  { title: "Transports", options: ofTransports },
  { title: "Layers", options: layerOptions },
  upstreamGroup,
] as const;

/** An entry of a suite with parsed URLs and the options that apply to it. */
export interface PlannedEntry extends SuiteEntry {
  readonly urls: readonly Endpoint[];
  readonly options: Given;
  /** All options that have an effect on it. */
  readonly table: OptionTable;
}

/** Parses the URLs, and leaves out the options that are meant for other protocols and transports.
 *
 * @param flags options of the command line, which stay, so that they are refused
 * @throws {UsageError} when a text is not such a URL */
export function planned(
  what: Protocol | HttpApp,
  texts: readonly (string | Endpoint)[],
  given: Given,
  flags: ReadonlySet<string> = new Set(),
): PlannedEntry {
  const urls = texts.map((text) => parseEndpoint(text, serverSchemes));
  const table = optionsForServing(what, urls, given);
  return { what, urls, table, options: fittingOptions(given, table, flags) };
}
