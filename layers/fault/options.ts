// The options of the layer fault.

import { integer, text } from "../../core/options/option.ts";
import { faultWords } from "./spec.ts";

/** Seeds have 32 bits. */
export const LARGEST_SEED = 2 ** 32 - 1;

export const faultOptions = {
  fault: text.many({
    metavar: "spec",
    suggestions: faultWords,
    help: "misbehave as a bad network does, such as loss=5%,reorder=2% or latency=200ms " +
      "(in.NAME or out.NAME for one direction)",
  }),
  seed: integer({
    min: 0,
    max: LARGEST_SEED,
    help:
      "repeat the decisions of --fault that this number led to (default a new one, which is shown)",
  }),
} as const;
