// The server transport `unixgram`: Unix datagram sockets.

import { datagramOptions } from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";

const { replyRatePerSecond: _unused, ...options } = datagramOptions;

/** Options of `unixgram`. Replies stay on this machine, so there is no limit on their rate. */
export const unixgramOptions = options;

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
