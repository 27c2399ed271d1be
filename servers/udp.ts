// The server transport `udp` (RFC 768).

import type { SessionServerKind } from "../core/server_kind.ts";
import { udpOptions } from "./datagrams/options.ts";

export const udp: SessionServerKind<typeof udpOptions> = {
  name: "udp",
  summary: "UDP, datagrams that may be lost",
  addressing: "host",
  carries: "sessions",
  carrier: "datagram",
  options: udpOptions,
  start: async (...serve) => (await import("./datagrams/serve_udp.ts")).serveUdp(...serve),
};
