// Unix datagram sockets, from the listening side.

import type { SessionServerKind } from "../core/server_kind.ts";
import { unixgramOptions } from "./datagrams/options.ts";

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
