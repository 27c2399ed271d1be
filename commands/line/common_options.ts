// Options that many commands share.

import { choice, flag, text } from "../../core/options/option.ts";

export const printingOptions = {
  json: flag({ help: "print one JSON object a line on stdout, for programs", negatable: false }),
  quiet: flag({ short: "q", help: "print nothing but data and errors", negatable: false }),
  verbose: flag({
    short: "v",
    help: "show what passes, as text and hex, and the stack of errors",
    negatable: false,
  }),
  color: choice(["auto", "always", "never"], {
    default: "auto",
    help: "when to colour; auto honours NO_COLOR",
  }),
} as const;

export const recordOptions = {
  record: text({
    metavar: "file",
    help: "append all that happens and passes to this file, as JSON lines",
  }),
} as const;

export const requestLogOptions = {
  logFormat: choice(["common", "json"], {
    default: "common",
    help:
      "how the requests of --log-requests are written on stderr: in the Common Log Format, or " +
      "as a JSON object a line",
  }),
} as const;

export const editorOptions = {
  editor: flag({
    default: true,
    help: "edit the line being typed, below what comes in; without, the terminal does as it can",
  }),
} as const;
