// Protocols and applications by their name on the command line and in a configuration, and the
// options that apply to each.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { HttpApp } from "../../core/http/app.ts";
import { didYouMean } from "../../core/options/nearest.ts";
import { type Given, mergeTables, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { fittingOptions, optionsForServing, serveOptions } from "../../dock/applicable.ts";
import { layerOptions } from "../../dock/layer_stack.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { upstreamOptions } from "../../dock/upstream.ts";
import { protocols } from "../../protocols/index.ts";
import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";

/** Everything that `serve` and `up` can start. */
export const servable: readonly (Protocol | HttpApp)[] = [...protocols, ...apps];

/** The protocol or application with this name.
 * @throws {UsageError} when there is none */
export function servedByName(name: string): Protocol | HttpApp {
  const found = servable.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = servable.map((one) => one.name);
  throw new UsageError(
    `unknown protocol "${name}"${didYouMean(name, names)}; known are ${names.join(", ")}`,
  );
}

const ofProtocols: OptionTable = mergeTables(...servable.map((one) => one.options));
const ofTransports: OptionTable = mergeTables(...serverKinds.map((kind) => kind.options));

/** Options of all protocols, applications, server transports and layers. */
export const servedOptions: OptionTable = mergeTables(
  serveOptions,
  ofProtocols,
  ofTransports,
  layerOptions,
  upstreamOptions,
);

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
