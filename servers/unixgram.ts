// The server transport `unixgram`: Unix datagram sockets.

import { datagramOptions } from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";

const { replyRatePerSecond: _unused, ...options } = datagramOptions;

/** Options of `unixgram`. Answers stay on this machine, so they are not rationed. */
export const unixgramOptions = options;

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. A peer that never bound a path
 * is heard but cannot be answered. */
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
