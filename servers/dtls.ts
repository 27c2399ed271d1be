// The server transport `dtls`: DTLS 1.2 (RFC 6347).

import { familyOptions } from "../core/addresses/resolve.ts";
import { admissionOptions, datagramOptions, handshakeOptions } from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { integer } from "../core/options/option.ts";
import { DTLS_RANK, dtlsOptions } from "../layers/dtls/options.ts";
import { clientCertificateOptions, tlsServerOptions } from "./tls/options.ts";

/** Options of `dtls`. */
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

/** `dtls://host:port`. */
export const dtls: SessionServerKind<typeof dtlsServerOptions> = {
  name: "dtls",
  summary: "DTLS 1.2, encrypted datagrams that may be lost",
  addressing: "host",
  carries: "sessions",
  carrier: "datagram",
  layerRank: DTLS_RANK,
  options: dtlsServerOptions,
  start: async (...serve) => (await import("./datagrams/serve_dtls.ts")).serveDtls(...serve),
};
