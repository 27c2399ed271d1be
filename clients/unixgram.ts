// The client transport `unixgram`: Unix datagram sockets.

import type { ClientKind } from "../core/client_kind.ts";
import { unixgramOptions } from "./datagrams/options.ts";

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. */
export const unixgram: ClientKind<typeof unixgramOptions> = {
  name: "unixgram",
  addressing: "path",
  carrier: "datagram",
  options: unixgramOptions,
  connect: async (...dial) =>
    (await import("./datagrams/dial_unixgram.ts")).connectUnixgram(...dial),
};
