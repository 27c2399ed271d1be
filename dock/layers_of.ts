// From the names of layers in a URL to layers that can wrap.

import type { Endpoint } from "../core/endpoint.ts";
import { bindLayer, type BoundLayer, checkLayers } from "../core/layer.ts";
import { didYouMean } from "../core/nearest.ts";
import { resolveOptions } from "../core/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { layers } from "../layers/index.ts";

/** The layers that an endpoint's scheme names, from the wire inward.
 *
 * @param carrier what they would wrap; null when the transport takes none
 * @throws {UsageError} when a layer is unknown or the stack cannot work */
export function layersOf(
  endpoint: Endpoint,
  carrier: "stream" | "datagram" | null,
): readonly BoundLayer[] {
  if (endpoint.layers.length === 0) return [];
  const names = layers.map((layer) => layer.name);
  const bound = endpoint.layers.map((name) => {
    const layer = layers.find((layer) => layer.name === name);
    if (layer === undefined) {
      const known = names.length === 0 ? "there are none yet" : `known are ${names.join(", ")}`;
      throw new UsageError(
        `unknown layer "${name}" in "${endpoint.text}"${didYouMean(name, names)}; ${known}`,
      );
    }
    return bindLayer(layer, resolveOptions(layer.options, {}));
  });
  if (carrier === null) {
    throw new UsageError(`"${endpoint.text}": ${endpoint.scheme} takes no layers`);
  }
  checkLayers(bound, carrier, endpoint.text);
  return bound;
}
