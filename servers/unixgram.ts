// Unix datagram sockets, on Deno.listenDatagram.

import { serveDatagrams } from "../core/datagrams/serve_datagrams.ts";
import { formatEndpoint } from "../core/addresses/endpoint.ts";
import { datagramOptions } from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { openUnixDatagrams } from "../core/datagrams/unix_socket.ts";
import { listening } from "./listeners/listen_error.ts";
import { atSocketFile, removeSocketFile } from "./listeners/socket_file.ts";

/** Answers stay on this machine, so they are not rationed. */
const { replyRatePerSecond: _unused, ...options } = datagramOptions;

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. A peer that never bound a path
 * is heard but cannot be answered. */
export const unixgram: SessionServerKind<typeof options> = {
  name: "unixgram",
  summary: "Unix datagram socket, a file or @name",
  addressing: "path",
  carries: "sessions",
  carrier: "datagram",
  options,
  async start(endpoint, given, work) {
    const { path } = endpoint;
    const url = formatEndpoint(endpoint, undefined);
    const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
    const socket = await listening(
      url,
      () =>
        atSocketFile(
          path,
          () => probe(path),
          () => openUnixDatagrams(path, bind, () => removeSocketFile(path)),
        ),
    );
    return serveDatagrams({ url, socket }, {
      admits: () => true,
      limits: { ...given, replyRatePerSecond: Infinity },
      work,
    });
  },
};

/** Rejects with ConnectionRefused when no process listens. Connecting as a stream tells: on a live
 * datagram socket it fails for being of the wrong type instead. */
async function probe(path: string): Promise<void> {
  (await Deno.connect({ transport: "unix", path })).close();
}
