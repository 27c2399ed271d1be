// The layer signed: datagrams that anyone can read, and that are believed from known senders alone.
// docs/signed.md has the format.

import type { Layer } from "../core/layer.ts";
import { signedOptions } from "./signed/options.ts";

export const signed: Layer<typeof signedOptions> = {
  name: "signed",
  summary: "Datagrams signed by their sender",
  rank: 20,
  carriers: ["datagram"],
  provesSender: true,
  options: signedOptions,
  open: async (...given) => (await import("./signed/open.ts")).openSigned(...given),
};
