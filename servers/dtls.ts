// The server transport `dtls`: DTLS 1.2 (RFC 6347).

import type { SessionServerKind } from "../core/server_kind.ts";
import { DTLS_RANK } from "../layers/dtls/options.ts";
import { dtlsServerOptions } from "./datagrams/options.ts";

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
