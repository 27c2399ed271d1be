// The client transport `dtls`: DTLS 1.2 (RFC 6347).

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions, routeOptions } from "../core/client_options.ts";
import { text } from "../core/options/option.ts";
import { dtlsOptions } from "../layers/dtls/options.ts";
import { tlsClientOptions } from "./tls.ts";

/** Options of `dtls`. */
export const dtlsClientOptions = {
  ...routeOptions,
  ...tlsClientOptions,
  ...dtlsOptions,
  pskIdentity: text({
    metavar: "name",
    help: "which key of --psk-file to use, when it holds several",
  }),
  ...clientOptions,
} as const;

/** `dtls://host:port`. */
export const dtls: ClientKind<typeof dtlsClientOptions> = {
  name: "dtls",
  addressing: "host",
  carrier: "datagram",
  options: dtlsClientOptions,
  connect: async (...dial) => (await import("./datagrams/dial_dtls.ts")).connectDtls(...dial),
};
