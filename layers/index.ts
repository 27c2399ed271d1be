// Every layer there is. A new one is a file in this folder and a line in this list.

import type { Layer } from "../core/layer.ts";
import { fault } from "./fault.ts";
import { reliable } from "./reliable.ts";
import { sealed } from "./sealed.ts";
import { signed } from "./signed.ts";

/** All layers, from the wire inward. */
export const layers = [fault, signed, sealed, reliable] as const satisfies readonly Layer[];
