// Reliable datagrams.

import type { Layer } from "../core/layer.ts";

const options = {} as const;

/** The layer `reliable`. */
export const reliable: Layer<typeof options> = {
  name: "reliable",
  summary: "Messages that arrive once, in order and whole",
  rank: 40,
  carriers: ["datagram"],
  provesSender: true,
  ordered: true,
  options,
  open() {
    throw new Error("reliable is being built");
  },
};
