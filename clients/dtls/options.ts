// The options of a DTLS client. Apart from what needs them, so that they can be listed without it.

import { clientOptions } from "../../core/client_options.ts";
import { text } from "../../core/options/option.ts";
import { dtlsOptions } from "../../layers/dtls/options.ts";
import { routeOptions } from "../tcp.ts";
import { tlsClientOptions } from "../tls/trust.ts";

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
