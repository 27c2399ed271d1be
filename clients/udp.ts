// The client transport `udp` (RFC 768).

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions, routeOptions } from "../core/client_options.ts";
import { groupSenderOptions } from "../core/datagrams/group_address.ts";

/** Options of `udp`. */
export const udpOptions = { ...routeOptions, ...groupSenderOptions, ...clientOptions } as const;

/** `udp://host:port`. */
export const udp: ClientKind<typeof udpOptions> = {
  name: "udp",
  addressing: "host",
  carrier: "datagram",
  options: udpOptions,
  connect: async (...dial) => (await import("./datagrams/dial_udp.ts")).connectUdp(...dial),
};
