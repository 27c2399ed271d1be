// The server transport `unixgram`: Unix datagram sockets.

import type { SessionServerKind } from "../core/server_kind.ts";
import { unixgramOptions } from "./datagrams/options.ts";

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. Datagrams of a peer that never
 * bound a path are received but cannot be answered. */
export const unixgram: SessionServerKind<typeof unixgramOptions> = {
  name: "unixgram",
  summary: "Unix datagram socket, a file or @name",
  addressing: "path",
  carries: "sessions",
  carrier: "datagram",
  options: unixgramOptions,
  start: async (...serve) =>
    (await import("./datagrams/serve_unixgram.ts")).serveUnixgram(...serve),
};
