// The options that both ends of DTLS have, and the rank of DTLS among the layers.

import { flag, size, text } from "../../core/options/option.ts";

/** The rank of DTLS among the layers, counted from the wire inward. */
export const DTLS_RANK = 30;

export const dtlsOptions = {
  dtlsMtuBytes: size({
    default: 1200,
    min: 256,
    help: "largest datagram of a DTLS handshake; longer flights are cut into several",
  }),
  dtlsPack: flag({
    help: "send messages that wait for each other in one datagram, as large as --dtls-mtu; " +
      "some peers, such as gnutls-cli, read the later ones with the next datagram only",
  }),
  pskFile: text({
    guard: true,
    metavar: "file",
    help: "pre-shared keys, a line each: identity:key, the key in hexadecimal",
  }),
} as const;
