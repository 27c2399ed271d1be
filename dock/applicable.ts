// The options that have an effect on what is served or dialled at an endpoint. The command line and
// configurations leave out the others, which may be meant for other endpoints; the library refuses
// them. Only names and option tables are needed: no transport or protocol is loaded.

import { clientKinds } from "../clients/index.ts";
import { connectTimeoutOptions } from "../core/client_options.ts";
import type { ClientKind } from "../core/client_kind.ts";
import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Carrier, Layer } from "../core/layer.ts";
import { missingBesides, type Needs } from "../core/options/needs.ts";
import { flag, flagName, type Given, type OptionTable } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { UsageError } from "../core/usage_error.ts";
import { layers as allLayers } from "../layers/index.ts";
import { serverKinds } from "../servers/index.ts";
import { addedLayers, layerStackOptions } from "./layer_stack.ts";
import { clientSchemes, kindsFor } from "./schemes.ts";
import { upstreamGiven, upstreamKey, upstreamOptions } from "./upstream.ts";

/** A protocol or an HTTP application, as its index entry describes it. */
export type Served =
  | Pick<Protocol, "name" | "options" | "needs" | "framing" | "dials">
  | Pick<HttpApp, "name" | "options" | "needs">;

type Transport = Pick<ServerKind, "name" | "options" | "needs">;

type LayerKind = Pick<Layer, "name" | "options" | "carriers" | "impliedBy">;

const servers: readonly Transport[] = serverKinds;
const clients: readonly (Transport & Pick<ClientKind, "carrier">)[] = clientKinds;
const layers: readonly LayerKind[] = allLayers;

/** Options of `serve` itself, for every protocol and transport. */
export const serveOptions = {
  once: flag({
    help: "stop after the first session or request",
  }),
} as const;

/** The options that have an effect on serving at these endpoints. */
export function optionsForServing(
  served: Served,
  endpoints: readonly Endpoint[],
  given: Given,
): OptionTable {
  const kinds = kindsFor(served)
    .filter(({ name }) => endpoints.some(({ scheme }) => scheme === name));
  const table: OptionTable = Object.assign(
    {},
    serveOptions,
    served.options,
    ...kinds.map((kind) => kind.options),
    layerOptionsFor(endpoints, kinds.map(({ carrier }) => carrier), given),
    dials(served) ? upstreamOptionsFor(given) : {},
  );
  const needs = servingNeeds(served, endpoints);
  return Object.fromEntries(
    Object.entries(table).filter(([key]) => missingBesides(key, needs, given) === undefined),
  );
}

/** What the options for serving at these endpoints need beside them. */
export function servingNeeds(served: Served, endpoints: readonly Endpoint[]): Needs {
  const used = kindsFor(served)
    .filter(({ name }) => endpoints.some(({ scheme }) => scheme === name));
  return needsOf(served, used);
}

/** What the options of a protocol or application and of its transports need beside them. */
function needsOf({ needs }: Served, kinds: readonly Pick<Transport, "needs">[]): Needs {
  return Object.assign({}, needs, ...kinds.map((kind) => kind.needs));
}

/** The options that have an effect on a client session. */
export function optionsForDialling(endpoint: Endpoint, given: Given): OptionTable {
  const kind = clients.find(({ name }) => name === endpoint.scheme);
  if (kind === undefined) return {};
  return { ...kind.options, ...layerOptionsFor([endpoint], [kind.carrier], given) };
}

/** Refuses options that have no effect on serving. Options of an upstream are checked by
 * `refuseUselessDialling`.
 *
 * @throws {UsageError} naming the option and where it would have an effect */
export function refuseUselessServing(
  served: Served,
  endpoints: readonly Endpoint[],
  given: Given,
): void {
  const table = optionsForServing(served, endpoints, given);
  const used = [...new Set(endpoints.map(({ scheme }) => scheme))].join(", ");
  for (const key of foreignKeys(given, table)) {
    if (Object.hasOwn(upstreamOptions, key)) {
      if (dials(served)) continue;
      throw new UsageError(`${flagOf(key)} has no effect on ${served.name}; it is for relay`);
    }
    const missing = missingBesides(key, needsOf(served, servers), given);
    if (missing !== undefined) {
      throw new UsageError(`${flagOf(key)} has no effect without ${flagOf(missing[0])}`);
    }
    refuseLayerOption(key, endpoints, given, flagOf, "which no URL here names; such as udp");
    refuseOptionOf(kindsFor(served), key, flagOf, used);
    throw new UsageError(`${served.name} on ${used} has no option ${flagName(key)}`);
  }
}

/** Refuses options that have no effect on a client session.
 *
 * @param nameOf the name under which an option was given
 * @throws {UsageError} naming the option and where it would have an effect */
export function refuseUselessDialling(
  endpoint: Endpoint,
  given: Given,
  nameOf: (key: string) => string = flagOf,
): void {
  const { scheme } = endpoint;
  for (const key of foreignKeys(given, optionsForDialling(endpoint, given))) {
    const remedy = `which the URL does not name; such as ${scheme}`;
    refuseLayerOption(key, [endpoint], given, nameOf, remedy);
    refuseOptionOf(clients, key, nameOf, scheme);
    throw new UsageError(`${nameOf(key)} has no effect on ${scheme}`);
  }
}

/** The options among those given that are in a table.
 *
 * @param asked keys that stay in any case, so that they are refused where they have no effect */
export function fittingOptions(
  given: Given,
  table: OptionTable,
  asked: ReadonlySet<string>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([key]) => asked.has(key) || Object.hasOwn(table, key)),
  );
}

/** Says of an option that fits no endpoint why: another option is missing, or nothing here has it.
 *
 * @param served what is served there
 * @param nameOf what an option is called where it was given */
export function whyUseless(
  key: string,
  { endpoints, served, given }: {
    readonly endpoints: readonly Endpoint[];
    readonly served: readonly Served[];
    readonly given: Given;
  },
  nameOf: (key: string) => string = flagOf,
): string {
  const [lonely] = served.flatMap((one) => missingBesides(key, needsOf(one, servers), given) ?? []);
  const missing = lonely ?? missingBeside(key, endpoints, given);
  return missing === undefined
    ? "has no effect on what is served here"
    : `has no effect without ${nameOf(missing)}`;
}

/** The option that adds a layer to these endpoints, if it is missing and another option of the
 * layer has no effect for that reason: `fault` for `seed`. */
function missingBeside(
  key: string,
  endpoints: readonly Endpoint[],
  given: Given,
): string | undefined {
  return layers.find((layer) =>
    Object.hasOwn(layer.options, key) && layer.impliedBy !== undefined &&
    given[layer.impliedBy] === undefined && !isNamed(layer, endpoints, given)
  )?.impliedBy;
}

/** The options of layers: all those of a layer that stands on one of the endpoints, and the option
 * that would add a layer where one fits.
 *
 * @param carriers what layers on the transports of the endpoints wrap */
function layerOptionsFor(
  endpoints: readonly Endpoint[],
  carriers: readonly Carrier[],
  given: Given,
): OptionTable {
  return Object.assign(
    {},
    layerStackOptions,
    ...layers.map((layer): OptionTable => {
      const { options, impliedBy } = layer;
      if (isNamed(layer, endpoints, given)) return options;
      if (impliedBy === undefined || !layer.carriers.some((own) => carriers.includes(own))) {
        return {};
      }
      // No other option adds the layer by itself.
      return given[impliedBy] === undefined ? { [impliedBy]: options[impliedBy]! } : options;
    }),
  );
}

function isNamed({ name }: LayerKind, endpoints: readonly Endpoint[], given: Given): boolean {
  return endpoints.some(({ layers }) => layers.includes(name)) || addedLayers(given).includes(name);
}

/** Options of the upstream. An error in its URL is reported when it is dialled; until then all
 * options apply. */
function upstreamOptionsFor(given: Given): OptionTable {
  const { to } = given;
  if (typeof to !== "string") return upstreamOptions;
  let endpoint: Endpoint;
  try {
    endpoint = parseEndpoint(to, clientSchemes);
  } catch (error) {
    if (error instanceof UsageError) return upstreamOptions;
    throw error;
  }
  const fitting = {
    ...connectTimeoutOptions,
    ...optionsForDialling(endpoint, upstreamGiven(given)),
  };
  const keys = new Set(Object.keys(fitting).map(upstreamKey));
  return Object.fromEntries(Object.entries(upstreamOptions).filter(([key]) => keys.has(key)));
}

/** Refuses an option of a layer, naming the layer or the option that is missing. */
function refuseLayerOption(
  key: string,
  endpoints: readonly Endpoint[],
  given: Given,
  nameOf: (key: string) => string,
  remedy: string,
): void {
  if (missingBeside(key, endpoints, given) !== undefined) {
    const why = whyUseless(key, { endpoints, served: [], given }, nameOf);
    throw new UsageError(`${nameOf(key)} ${why}`);
  }
  const owners = layers.filter(({ options }) => Object.hasOwn(options, key))
    .map(({ name }) => name);
  if (owners.length === 0) return;
  throw new UsageError(
    `${nameOf(key)} belongs to the layer ${owners.join(" or ")}, ${remedy}+${owners[0]}://`,
  );
}

/** Refuses an option of other transports, naming them. */
function refuseOptionOf(
  kinds: readonly Transport[],
  key: string,
  nameOf: (key: string) => string,
  used: string,
): void {
  const fitting = kinds.filter(({ options }) => Object.hasOwn(options, key));
  if (fitting.length === 0) return;
  const names = fitting.map(({ name }) => name).join(", ");
  throw new UsageError(`${nameOf(key)} has no effect on ${used}; it goes with ${names}`);
}

function foreignKeys(given: Given, table: OptionTable): readonly string[] {
  return Object.keys(given)
    .filter((key) => given[key] !== undefined && !Object.hasOwn(table, key));
}

function dials(served: Served): boolean {
  return "dials" in served && served.dials === true;
}

function flagOf(key: string): string {
  return `--${flagName(key)}`;
}
