// The choice of the listener, for the transports on which there is one.

import { choice } from "../../core/options/option.ts";

export const listenerOptions = {
  listener: choice(["guarded", "deno"], {
    default: "guarded",
    metavar: "kind",
    help: "guarded by every limit here, or that of Deno as it is, which some limits do not reach",
  }),
} as const;
