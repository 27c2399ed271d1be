// Unix datagram sockets, on Deno.listenDatagram.

import type { Address } from "../core/addresses/address.ts";
import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions } from "../core/client_options.ts";
import { openDatagramSession } from "../core/datagrams/client_session.ts";
import { text } from "../core/options/option.ts";
import { anonymousPath, openUnixDatagrams } from "../core/datagrams/unix_datagram_socket.ts";
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
  connect(endpoint, given, { layers, signal }) {
    return dialling(endpoint.text, async () => {
      const to: Address = { transport: "unixgram", path: endpoint.path };
      // Sending to a path that is not there fails only with the first datagram; say so now.
      if (!endpoint.path.startsWith("\0")) await Deno.stat(endpoint.path);
      const { localPath } = given;
      const { path, remove } = localPath === undefined
        ? await anonymousPath()
        : { path: localPath, remove: () => removeFile(localPath) };
      const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
      const bare = await openUnixDatagrams(path, bind, remove);
      return await openDatagramSession(bare, to, { layers, signal }, given);
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
