// The client transport `udp` (RFC 768).

import type { ClientKind } from "../core/client_kind.ts";
import { udpOptions } from "./datagrams/options.ts";

export const udp: ClientKind<typeof udpOptions> = {
  name: "udp",
  addressing: "host",
  carrier: "datagram",
  options: udpOptions,
  connect: async (...dial) => (await import("./datagrams/dial_udp.ts")).connectUdp(...dial),
};
