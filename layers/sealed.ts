// Sealed datagrams.

import type { Layer } from "../core/layer.ts";

const options = {} as const;

/** The layer `sealed`. */
export const sealed: Layer<typeof options> = {
  name: "sealed",
  summary: "Datagrams encrypted with a key in common",
  rank: 30,
  carriers: ["datagram"],
  provesSender: true,
  options,
  open() {
    throw new Error("sealed is being built");
  },
};
