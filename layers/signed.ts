// Signed datagrams.

import type { Layer } from "../core/layer.ts";

const options = {} as const;

/** The layer `signed`. */
export const signed: Layer<typeof options> = {
  name: "signed",
  summary: "Datagrams signed by their sender",
  rank: 20,
  carriers: ["datagram"],
  provesSender: true,
  options,
  open() {
    throw new Error("signed is being built");
  },
};
