// Resolves a URL to its transport and layers, for serving and for dialling.

import { clientKinds } from "../clients/index.ts";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { ClientKind } from "../core/client_kind.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Given } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { UsageError } from "../core/usage_error.ts";
import { layers } from "../layers/index.ts";
import { refuseUselessDialling } from "./applicable.ts";
import { layerStack, type PlannedLayer, shownLayers } from "./layer_stack.ts";
import { clientSchemes, kindsFor } from "./schemes.ts";

const clients: readonly ClientKind[] = clientKinds;

/** Whether a transport, or what it secures, is UDP. */
export function usesUdp(
  { carrier, addressing }: Pick<ServerKind | ClientKind, "carrier" | "addressing">,
): boolean {
  return carrier === "datagram" && addressing === "host";
}

interface Place<Kind> {
  readonly kind: Kind;
  readonly endpoint: Endpoint;
  readonly stack: readonly PlannedLayer[];
}

/** Resolves an endpoint to the transport and the layers for serving.
 *
 * @throws {UsageError} when the protocol cannot run there */
export function placeToServe(
  endpoint: Endpoint,
  served: Protocol | HttpApp,
  given: Given,
): Place<ServerKind> {
  const kinds = kindsFor(served);
  const kind = kinds.find((kind) => kind.name === endpoint.scheme);
  if (kind === undefined) {
    const fitting = kinds.map((kind) => kind.name);
    throw new UsageError(
      `${served.name} cannot run on ${endpoint.scheme}; it runs on ${fitting.join(", ")}`,
    );
  }
  refusePath(endpoint, kind);
  const { carrier } = kind;
  const stack = layerStack(endpoint, carrier, given);
  if ("framing" in served && served.needsOrder && carrier === "datagram") {
    refuseDisorder(served.name, endpoint, stack);
  }
  return { kind, endpoint: { ...endpoint, layers: shownLayers(stack) }, stack };
}

/** Refuses a path that nothing would look at. */
function refusePath(
  endpoint: Endpoint,
  { name, usesPath }: Pick<ServerKind & ClientKind, "name" | "usesPath">,
): void {
  const { addressing, path, port, text } = endpoint;
  if (usesPath || addressing === "path" || path === "" || path === "/") return;
  const bare = formatEndpoint({ ...endpoint, path: "" }, port);
  const why = name === "http" || name === "https"
    ? "a server has every path below its host"
    : `${name} has no paths`;
  throw new UsageError(`"${text}" has a path, and ${why}; write ${bare}`);
}

function refuseDisorder(name: string, endpoint: Endpoint, stack: readonly PlannedLayer[]): void {
  if (stack.some(({ layer }) => layer.ordered)) return;
  const remedy = layers.filter(({ ordered }) => ordered)
    .map((layer) => `${[endpoint.scheme, ...endpoint.layers, layer.name].join("+")}://`);
  throw new UsageError(
    `${endpoint.text}: ${endpoint.scheme} may lose and reorder messages, and ${name} needs them ` +
      `all and in order; write ${remedy.join(" or ")}`,
  );
}

/** Resolves a URL to the transport and the layers for dialling with these options.
 *
 * @param flagOf the name under which an option was given
 * @throws {UsageError} when the URL and the options exclude each other */
export function placeToDial(
  url: string | Endpoint,
  given: Given,
  flagOf?: (key: string) => string,
): Place<ClientKind> {
  const endpoint = parseEndpoint(url, clientSchemes);
  const kind = clients.find(({ name }) => name === endpoint.scheme)!;
  refusePath(endpoint, kind);
  const stack = layerStack(endpoint, kind.carrier, given);
  refuseUselessDialling(endpoint, given, flagOf);
  return { kind, endpoint, stack };
}
