// The options of layers, for commands that listen and commands that dial.

import { mergeTables, type OptionTable } from "../../core/options/option.ts";
import { layerStackOptions } from "../../dock/layer_stack.ts";
import { layers } from "../../layers/index.ts";

/** Every option that any layer understands, and the one that adds layers. */
export const layerOptions: OptionTable = mergeTables(
  layerStackOptions,
  ...layers.map((layer) => layer.options),
);

/** The same, for help. */
export const layerGroup = { title: "Layers", options: layerOptions } as const;
