// The server transport `udp` (RFC 768).

import { familyOptions } from "../core/addresses/resolve.ts";
import { interfaceOptions } from "../core/datagrams/group_address.ts";
import { admissionOptions, datagramOptions } from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";

/** Options of `udp`. */
export const udpOptions = {
  ...admissionOptions,
  ...datagramOptions,
  ...familyOptions,
  ...interfaceOptions,
} as const;

/** `udp://host:port`. */
export const udp: SessionServerKind<typeof udpOptions> = {
  name: "udp",
  summary: "UDP, datagrams that may be lost",
  addressing: "host",
  carries: "sessions",
  carrier: "datagram",
  options: udpOptions,
  start: async (...serve) => (await import("./datagrams/serve_udp.ts")).serveUdp(...serve),
};
