// The options that both ends of DTLS have, and the rank of DTLS among the layers.

import { size, text } from "../../core/options/option.ts";

/** The rank of DTLS among the layers, counted from the wire inward. */
export const DTLS_RANK = 30;

export const dtlsOptions = {
  dtlsMtuBytes: size({
    default: 1200,
    min: 256,
    help: "largest datagram of a DTLS handshake; longer flights are cut into several",
  }),
  pskFile: text({
    guard: true,
    metavar: "file",
    help: "pre-shared keys, a line each: identity:key, the key in hexadecimal",
  }),
} as const;
