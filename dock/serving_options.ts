// Every option that a server can be started with, whatever it serves and wherever.

import type { OptionTable } from "../core/options/option.ts";
import { serverKinds } from "../servers/index.ts";
import { serveOptions } from "./applicable.ts";
import { layerOptions } from "./layer_stack.ts";
import { servable } from "./served.ts";
import { upstreamOptions } from "./upstream.ts";

/** One table of them all.
 *
 * @param own the options of what is served, which may be nobody's in this house */
export function servingTable(own: OptionTable = {}): OptionTable {
  return Object.assign(
    {},
    // Those of others are no slips; they are refused as options without effect.
    ...servable.map(({ options }) => options),
    upstreamOptions,
    layerOptions,
    ...serverKinds.map(({ options }) => options),
    serveOptions,
    own,
  );
}
