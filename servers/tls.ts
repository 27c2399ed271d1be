// The server transport `tls`: sessions over TLS (RFC 8446, RFC 5246).

import type { SessionServerKind } from "../core/server_kind.ts";
import { tlsTransportOptions } from "./tls/options.ts";

export const tls: SessionServerKind<typeof tlsTransportOptions> = {
  name: "tls",
  summary: "TLS, an encrypted stream of bytes",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options: tlsTransportOptions,
  start: async (...serve) => (await import("./tls/listen.ts")).serveTls(...serve),
};
