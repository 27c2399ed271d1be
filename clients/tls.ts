// The client transport `tls`: sessions over TLS (RFC 8446, RFC 5246).

import type { ClientKind } from "../core/client_kind.ts";
import { tlsTransportOptions } from "./tls/options.ts";

export const tls: ClientKind<typeof tlsTransportOptions> = {
  name: "tls",
  addressing: "host",
  carrier: "stream",
  options: tlsTransportOptions,
  connect: async (...dial) => (await import("./tls/dial.ts")).connectTls(...dial),
};
