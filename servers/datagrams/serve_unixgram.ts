// Serving on Unix datagram sockets, on Deno.listenDatagram.

import { serveDatagrams } from "../../core/datagrams/serve_datagrams.ts";
import { type Endpoint, formatEndpoint } from "../../core/addresses/endpoint.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { openUnixDatagrams, removeSocketFile } from "../../core/datagrams/unix_socket.ts";
import { requireDatagramSockets } from "../../core/runtime.ts";
import { listening } from "../listeners/listen_error.ts";
import { atSocketFile } from "../listeners/socket_file.ts";
import type { unixgramOptions } from "./options.ts";

export async function serveUnixgram(
  endpoint: Endpoint,
  given: OptionValues<typeof unixgramOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  requireDatagramSockets(endpoint.scheme);
  const { path } = endpoint;
  const url = formatEndpoint(endpoint, undefined);
  const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
  const socket = await listening(
    url,
    undefined,
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
}

/** Rejects with ConnectionRefused when no process listens. Connecting as a stream tells: on a live
 * datagram socket it fails for being of the wrong type instead. */
async function probe(path: string): Promise<void> {
  (await Deno.connect({ transport: "unix", path })).close();
}
