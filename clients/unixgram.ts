// Unix datagram sockets, on Deno.listenDatagram.

import type { Address } from "../core/address.ts";
import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions } from "../core/client_options.ts";
import { DatagramClientSession } from "../core/datagram_client_session.ts";
import { layerDatagrams } from "../core/layer.ts";
import { text } from "../core/option.ts";
import { anonymousPath, openUnixDatagrams } from "../core/unix_datagram_socket.ts";
import { dialling } from "./dial_error.ts";

const options = {
  ...clientOptions,
  localPath: text({
    metavar: "path",
    help: "bind our own Unix datagram socket here, where the answers arrive",
  }),
} as const;

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. */
export const unixgram: ClientKind<typeof options> = {
  name: "unixgram",
  addressing: "path",
  carrier: "datagram",
  options,
  connect(endpoint, { localPath, maxMessageBytes }, { layers }) {
    return dialling(endpoint.text, async () => {
      const to: Address = { transport: "unixgram", path: endpoint.path };
      // Sending to a path that is not there fails only with the first datagram; say so now.
      if (!endpoint.path.startsWith("\0")) await Deno.stat(endpoint.path);
      const { path, remove } = localPath === undefined
        ? await anonymousPath()
        : { path: localPath, remove: () => removeFile(localPath) };
      const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
      const socket = await openUnixDatagrams(path, bind, remove);
      return new DatagramClientSession(
        layerDatagrams(socket, layers, { role: "dial", to }),
        to,
        maxMessageBytes,
      );
    });
  },
};

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The runtime removed it already.
  }
}
