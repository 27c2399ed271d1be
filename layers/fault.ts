// The layer fault: an endpoint behaves as if the network were bad. A seed repeats every decision.

import type { Layer } from "../core/layer.ts";
import { faultOptions } from "./fault/options.ts";
import { parsePlan } from "./fault/spec.ts";

export const fault: Layer<typeof faultOptions> = {
  name: "fault",
  summary: "Faults on purpose: loss, delay, damage, resets",
  rank: 10,
  carriers: ["stream", "datagram"],
  impliedBy: "fault",
  options: faultOptions,
  check({ fault }, carrier) {
    parsePlan(fault, carrier);
  },
  open: async (...given) => (await import("./fault/open.ts")).openFault(...given),
};
