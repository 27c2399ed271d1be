// Protocols and applications by their name on the command line and in a configuration, and the
// options that apply to each.

import {
  type Addressing,
  type Endpoint,
  isUrl,
  parseEndpoint,
} from "../../core/addresses/endpoint.ts";
import type { HttpApp } from "../../core/http/app.ts";
import { type Given, mergeTables, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { fittingOptions, optionsForServing, serveOptions } from "../../dock/applicable.ts";
import { layerOptions } from "../../dock/layer_stack.ts";
import { kindsFor, serverSchemes } from "../../dock/schemes.ts";
import { servable } from "../../dock/served.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { upstreamOptions } from "../../dock/upstream.ts";
import { serverKinds } from "../../servers/index.ts";
import type { Habits } from "../command.ts";
import { hexOptions, printingOptions, recordOptions, untilEofOptions } from "./common_options.ts";
import { controlOptions, controlServerOptions } from "./control_options.ts";
import { metricsOptions, metricsServerOptions } from "./metrics_options.ts";

/** The options of every command that serves, whatever it serves. */
export const runningOptions = mergeTables(
  untilEofOptions,
  printingOptions,
  hexOptions,
  recordOptions,
  metricsOptions,
  metricsServerOptions,
  controlOptions,
  controlServerOptions,
);

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

const PORT = "the port stands in the URL, as in http://:8080";
const HOST = "the host stands in the URL, as in http://0.0.0.0:8080";
const LISTEN = "an endpoint is a URL, such as tcp://:9999";

/** Options that other programs have for the address of a server. */
export const servingHabits: Habits = {
  program: "other servers",
  remedies: new Map([
    ...["--port", "-p"].map((name) => [name, PORT] as const),
    ...["--host", "--bind", "-b"].map((name) => [name, HOST] as const),
    ...["--listen", "-l"].map((name) => [name, LISTEN] as const),
  ]),
};

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

/** The options that have an effect on what is typed so far: on a protocol, on the endpoints behind it
 * or, before there is one, on all that it can have; for completion. */
export function fittingServing(
  what: Protocol | HttpApp | undefined,
  words: readonly string[],
): OptionTable {
  if (what === undefined) return servedOptions;
  const urls = words.flatMap((word) => readableUrl(word, serverSchemes));
  if (urls.length > 0) return optionsForServing(what, urls, ANY_LAYER_OPTION);
  return Object.assign(
    {},
    serveOptions,
    what.options,
    layerOptions,
    ...kindsFor(what).map(({ options }) => options),
    "dials" in what && what.dials ? upstreamOptions : {},
  );
}

/** With `--fault` given, the other options of its layer fit too. */
export const ANY_LAYER_OPTION: Given = { fault: [] };

/** The endpoint that a word names, in a list; empty while it is not yet a URL. */
export function readableUrl(
  word: string,
  schemes: ReadonlyMap<string, Addressing>,
): readonly Endpoint[] {
  try {
    return isUrl(word, schemes) ? [parseEndpoint(word, schemes)] : [];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}
