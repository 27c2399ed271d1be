// The options that both halves of DTLS have.

import { size, text } from "../../core/options/option.ts";

/** For servers and clients alike. */
export const dtlsOptions = {
  dtlsMtuBytes: size({
    default: 1200,
    min: 256,
    help: "largest datagram of a DTLS handshake; longer flights are cut into several",
  }),
  pskFile: text({
    metavar: "file",
    help: "pre-shared keys, a line each: identity:key, the key in hexadecimal",
  }),
} as const;
