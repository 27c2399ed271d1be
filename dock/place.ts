// Where something is to be served: an endpoint, its transport and its layers.

import type { Endpoint } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Layer } from "../core/layer.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { UsageError } from "../core/usage_error.ts";
import { layers } from "../layers/index.ts";
import { carrierOf } from "./applicable.ts";
import { layerStack, shownLayers } from "./layer_stack.ts";
import { kindsFor } from "./schemes.ts";

/** An endpoint to serve on. */
export interface Place {
  readonly kind: ServerKind;
  readonly endpoint: Endpoint;
  readonly stack: readonly Layer[];
}

/** Finds the transport and the layers that an endpoint means for what is served.
 *
 * @throws {UsageError} when it cannot run there */
export function place(
  endpoint: Endpoint,
  served: Protocol | HttpApp,
  given: Readonly<Record<string, unknown>>,
): Place {
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
