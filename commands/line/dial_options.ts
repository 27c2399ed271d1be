// The options of commands that dial, and those of them that apply to an endpoint.

import { clientKinds } from "../../clients/index.ts";
import { type Addressing, type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { connectTimeoutOptions } from "../../core/client_options.ts";
import type { Emit } from "../../core/event.ts";
import { mergeTables, type OptionTable } from "../../core/options/option.ts";
import { fittingOptions, optionsForDialling } from "../../dock/applicable.ts";
import { layerOptions } from "../../dock/layer_stack.ts";
import { clientSchemes } from "../../dock/schemes.ts";
import type { Invocation } from "../command.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { givenOf } from "./arguments.ts";
import { ANY_LAYER_OPTION, readableUrl } from "./serve_options.ts";

/** Options of all client transports. */
const ofTransports: OptionTable = mergeTables(...clientKinds.map((kind) => kind.options));

/** Options of all client transports and layers. */
export const transportOptions: OptionTable = mergeTables(ofTransports, layerOptions);

export const dialOptions = mergeTables(connectTimeoutOptions, transportOptions);

/** Prints the notices of sessions that are opened, such as the seed of faults, each once. */
export function dialNotices(io: Stdio): Emit {
  const printed = new Set<string>();
  return (event) => {
    if (event.event !== "notice" || printed.has(event.text)) return;
    printed.add(event.text);
    io.note(event.text);
  };
}

/** Parses the URL to dial and the options for it. Options from the environment that are meant for
 * other endpoints are left out; those on the command line stay, so that they are refused.
 *
 * @throws {UsageError} when the text is not such a URL */
export function readDial(
  url: string,
  { options, given, flags }: Pick<Invocation, "options" | "given" | "flags">,
  schemes: ReadonlyMap<string, Addressing> = clientSchemes,
): { readonly endpoint: Endpoint; readonly dial: Record<string, unknown> } {
  const endpoint = parseEndpoint(url, schemes);
  const asked = givenOf(transportOptions, { options, given });
  const kept = fittingOptions(asked, optionsForDialling(endpoint, asked), flags);
  return { endpoint, dial: { connectTimeoutMs: options.connectTimeoutMs, ...kept } };
}

/** The options that have an effect on dialling what is typed so far, for completion. */
export function fittingDial(words: readonly string[]): OptionTable {
  const [endpoint] = words.flatMap((word) => readableUrl(word, clientSchemes));
  if (endpoint === undefined) return dialOptions;
  return { ...connectTimeoutOptions, ...optionsForDialling(endpoint, ANY_LAYER_OPTION) };
}
