// The option with which the user adds header fields to responses.

import { text } from "../../core/options/option.ts";

export const responseHeaderOptions = {
  responseHeader: text.many({
    metavar: "name: value",
    separator: "\n",
    help: "add this header to every response",
  }),
} as const;
