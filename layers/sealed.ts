// The layer sealed: datagrams are encrypted and authentic under keys that both ends have, either by
// ChaCha20-Poly1305 or AES-256-GCM in a format of our own (docs/sealed.md) or as Fernet tokens.

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
