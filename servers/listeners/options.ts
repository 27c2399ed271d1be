// The choice between our own listening and Deno's, for the transports that have both.

import { about, choice } from "../../core/options/option.ts";

export const listenerOptions = about("limits", {
  listener: choice(["guarded", "deno"], {
    default: "guarded",
    metavar: "kind",
    help: "guarded keeps every limit and option; deno is Deno.listenTls or Deno.serve as it is, " +
      "which says at startup what does not hold",
  }),
});
