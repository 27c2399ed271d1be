// The layer sealed: datagrams that are encrypted and authentic under keys that both ends have. Either
// AES-256-GCM in a format of our own (docs/sealed.md), or Fernet tokens, which programs in many
// languages understand.

import type { Layer } from "../core/layer.ts";
import { sealedOptions } from "./sealed/options.ts";

export const sealed: Layer<typeof sealedOptions> = {
  name: "sealed",
  summary: "Datagrams encrypted with a key in common",
  rank: 30,
  carriers: ["datagram"],
  provesSender: true,
  options: sealedOptions,
  open: async (...given) => (await import("./sealed/open.ts")).openSealed(...given),
};
