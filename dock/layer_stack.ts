// Selects the layers of an endpoint (those in its URL, those that options add, and those that an
// option implies) and opens them with their options.

import type { Endpoint } from "../core/addresses/endpoint.ts";
import {
  bindLayer,
  type BoundLayer,
  type Carrier,
  checkLayers,
  type Layer,
  type LayerContext,
} from "../core/layer.ts";
import { knownAre } from "../core/options/nearest.ts";
import {
  about,
  type Given,
  mergeTables,
  type OptionTable,
  type OptionValues,
  resolveShare,
  text,
} from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { fault } from "../layers/fault.ts";
import { layers as allLayers } from "../layers/index.ts";
import { serverKinds } from "../servers/index.ts";

const layers: readonly Layer[] = allLayers;

/** The option that adds layers to those in a URL. */
export const layerStackOptions = about("layers", {
  layers: text.many({
    guard: true,
    metavar: "name",
    suggestions: layers.map(({ name }) => name),
    help: "layers to add to those that the URL names, in any order, such as sealed,reliable",
  }),
});

/** Every option that any layer understands, and the one that adds layers. */
export const layerOptions: OptionTable = mergeTables(
  layerStackOptions,
  ...layers.map((layer) => layer.options),
);

/** A layer that is not opened yet, with its share of the options. */
export interface PlannedLayer {
  readonly layer: Layer;
  readonly values: OptionValues<OptionTable>;
}

/** The layers of an endpoint, from the wire inward.
 *
 * @param carrier the kind of socket that they wrap
 * @param given the options, `layers` among them
 * @throws {UsageError} when a layer is unknown or the stack cannot work
 * @throws {TypeError | RangeError} when an option's value has the wrong type or is out of bounds */
export function layerStack(
  endpoint: Endpoint,
  carrier: Carrier,
  given: Given,
): readonly PlannedLayer[] {
  const added = addedLayers(given).map((name) => layerNamed(name, "--layers"));
  const implied = layers.filter(({ name, impliedBy }) =>
    impliedBy !== undefined && given[impliedBy] !== undefined && !endpoint.layers.includes(name)
  );
  const named = endpoint.layers.map((name) => layerNamed(name, `"${endpoint.text}"`));
  if (named.length + added.length + implied.length === 0) return [];
  checkLayers(named, carrier, endpoint.text);
  const stack = [...named, ...added, ...implied].sort((one, other) => one.rank - other.rank);
  checkLayers(stack, carrier, endpoint.text);
  return stack.map((layer) => {
    try {
      const values = resolveShare(layer.options, given);
      layer.check?.(values, carrier);
      return { layer, values };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${endpoint.text}: ${error.message}`, { cause: error });
    }
  });
}

/** The layers of a stack that a URL names: those that both sides must have. */
export function shownLayers(stack: readonly PlannedLayer[]): readonly string[] {
  return stack.filter(({ layer }) => layer.impliedBy === undefined).map(({ layer }) => layer.name);
}

/** Opens the layers of a stack, one after the other. */
export async function openLayers(
  stack: readonly PlannedLayer[],
  context: LayerContext,
): Promise<readonly BoundLayer[]> {
  const bound: BoundLayer[] = [];
  for (const { layer, values } of stack) bound.push(await bindLayer(layer, values, context));
  return bound;
}

/** Opens the layers of a server, with that of faults, without a fault, if it is not there: faults can
 * be set later then.
 * @param changeable whether that is wanted; `resets` asks for a listener that can reset connections */
export async function openLiveLayers(
  stack: readonly PlannedLayer[],
  context: LayerContext,
  changeable: boolean | "resets",
): Promise<readonly BoundLayer[]> {
  const hasFaults = stack.some(({ layer }) => layer.name === fault.name);
  // It stands nearest to the wire.
  const live = changeable === false || hasFaults
    ? stack
    : [{ layer: fault, values: { fault: [], seed: undefined } }, ...stack];
  const opened = await openLayers(live, context);
  if (changeable !== "resets") return opened;
  return opened.map((layer) => layer.live === undefined ? layer : { ...layer, resets: true });
}

/** The layers that the option `layers` adds, by name. */
export function addedLayers({ layers }: Given): readonly string[] {
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((names) =>
    String(names).toLowerCase().split(",").map((name) => name.trim())
  );
}

function layerNamed(name: string, where: string): Layer {
  const layer = layers.find((layer) => layer.name === name);
  if (layer !== undefined) return layer;
  if (serverKinds.some((kind) => kind.name === name)) {
    throw new UsageError(
      `${name} in ${where} is a transport and no layer; write it first, such as ${name}+reliable://`,
    );
  }
  const names = layers.map((layer) => layer.name);
  throw new UsageError(
    `unknown layer "${name}" in ${where}${knownAre(name, names)}`,
  );
}
