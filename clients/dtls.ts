// The client transport `dtls`: DTLS 1.2 (RFC 6347).

import type { ClientKind } from "../core/client_kind.ts";
import { dtlsClientOptions } from "./datagrams/options.ts";

export const dtls: ClientKind<typeof dtlsClientOptions> = {
  name: "dtls",
  addressing: "host",
  carrier: "datagram",
  options: dtlsClientOptions,
  connect: async (...dial) => (await import("./datagrams/dial_dtls.ts")).connectDtls(...dial),
};
