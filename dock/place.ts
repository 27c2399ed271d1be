// Where something is to be served: a URL, its transport and its layers, and whether the options fit.

import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Layer } from "../core/layer.ts";
import { didYouMean } from "../core/options/nearest.ts";
import { flagName, type OptionTable } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { UsageError } from "../core/usage_error.ts";
import { layers } from "../layers/index.ts";
import { serverKinds } from "../servers/index.ts";
import { layerOptionsFor, layerStack, layersWithOption, shownLayers } from "./layer_stack.ts";
import { carrierOf, kindsFor } from "./server_kinds.ts";
import { upstreamOptions } from "./upstream.ts";

/** The schemes that can be listened on and how each is addressed. */
export const serverSchemes: ReadonlyMap<string, Endpoint["addressing"]> = new Map(
  serverKinds.map((kind) => [kind.name, kind.addressing]),
);

/** An endpoint to serve on. */
export interface Place {
  readonly kind: ServerKind;
  readonly endpoint: Endpoint;
  readonly stack: readonly Layer[];
}

/** Reads a URL to serve something on.
 *
 * @throws {UsageError} when it is no such URL, or what is served cannot run there */
export function place(
  url: string,
  served: Protocol | HttpApp,
  given: Readonly<Record<string, unknown>>,
): Place {
  const endpoint = parseEndpoint(url, serverSchemes);
  const kinds = kindsFor(served);
  const kind = kinds.find((kind) => kind.name === endpoint.scheme);
  if (kind === undefined) {
    const fitting = kinds.map((kind) => kind.name);
    throw new UsageError(
      `${served.name} cannot run on ${endpoint.scheme}; it runs on ${fitting.join(", ")}`,
    );
  }
  const carrier = carrierOf(kind);
  const stack = layerStack(endpoint, carrier, given);
  if ("framing" in served && served.needsOrder && carrier === "datagram") {
    refuseDisorder(served.name, endpoint, stack);
  }
  return { kind, endpoint: { ...endpoint, layers: shownLayers(stack) }, stack };
}

function refuseDisorder(name: string, endpoint: Endpoint, stack: readonly Layer[]): void {
  if (stack.some(({ ordered }) => ordered)) return;
  const remedy = layers.filter(({ ordered }) => ordered)
    .map((layer) => `${[endpoint.scheme, ...endpoint.layers, layer.name].join("+")}://`);
  throw new UsageError(
    `${endpoint.text}: ${endpoint.scheme} may lose and reorder messages, and ${name} needs them ` +
      `all and in order; write ${remedy.join(" or ")}`,
  );
}

/** Refuses options that nothing here understands: they would be silently without effect.
 *
 * @param ofServe the options of `serve` itself
 * @throws {UsageError} naming the option and where it would have an effect */
export function refuseForeignOptions(
  given: Readonly<Record<string, unknown>>,
  served: Protocol | HttpApp,
  places: readonly Place[],
  ofServe: OptionTable,
): void {
  const kinds = places.map(({ kind }) => kind);
  const known = [
    ofServe,
    served.options,
    ...kinds.map((kind) => kind.options),
    layerOptionsFor(places.map(({ endpoint }) => endpoint.text), given, kinds.map(carrierOf)),
    "dials" in served && served.dials ? upstreamOptions : {},
  ];
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || known.some((table) => Object.hasOwn(table, key))) continue;
    const elsewhere = kindsFor(served).filter((kind) => Object.hasOwn(kind.options, key));
    if (Object.hasOwn(upstreamOptions, key)) {
      throw new UsageError(`--${flagName(key)} has no effect on ${served.name}; it is for relay`);
    }
    const ofLayers = layersWithOption(key);
    if (ofLayers.length > 0) {
      throw new UsageError(
        `--${flagName(key)} belongs to the layer ${ofLayers.join(" or ")}, which no URL here ` +
          `names; such as udp+${ofLayers[0]}://`,
      );
    }
    const used = [...new Set(kinds.map((kind) => kind.name))].join(", ");
    // One that other servers have was not mistyped.
    const similar = serverKinds.some((kind) => Object.hasOwn(kind.options, key))
      ? ""
      : didYouMean(flagName(key), known.flatMap((table) => Object.keys(table).map(flagName)));
    throw new UsageError(
      elsewhere.length > 0
        ? `--${flagName(key)} has no effect on ${used}; it goes with ${
          elsewhere.map((kind) => kind.name).join(", ")
        }`
        : `${served.name} on ${used} has no option ${flagName(key)}${similar}`,
    );
  }
}
