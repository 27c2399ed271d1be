// Every layer there is. A new one is a file in this folder and a line in this list.

import type { Layer } from "../core/layer.ts";

/** All layers, by name. */
export const layers: readonly Layer[] = [];
