// Faults on purpose.

import type { Layer } from "../core/layer.ts";

const options = {} as const;

/** The layer `fault`. */
export const fault: Layer<typeof options> = {
  name: "fault",
  summary: "Faults on purpose: loss, delay, damage",
  rank: 10,
  carriers: ["stream", "datagram"],
  options,
  open() {
    throw new Error("fault is being built");
  },
};
