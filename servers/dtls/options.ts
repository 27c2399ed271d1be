// The options of a DTLS server. Apart from what needs them, so that they can be listed without it.

import { familyOptions } from "../../core/addresses/resolve.ts";
import { admissionOptions, datagramOptions, handshakeOptions } from "../../core/limits.ts";
import { integer } from "../../core/options/option.ts";
import { dtlsOptions } from "../../layers/dtls/options.ts";
import { clientCertificateOptions, tlsServerOptions } from "../tls/options.ts";

export const dtlsServerOptions = {
  ...admissionOptions,
  ...datagramOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...tlsServerOptions,
  ...clientCertificateOptions,
  ...dtlsOptions,
  maxHandshakes: integer({
    default: 512,
    min: 1,
    max: 1_000_000,
    help: "handshakes at once; clients that begin more have to try again",
  }),
} as const;
