// Dialling Unix datagram sockets, on Deno.listenDatagram.

import type { Address } from "../../core/addresses/address.ts";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import { openDatagramSession } from "../../core/datagrams/client_session.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { anonymousPath, openUnixDatagrams } from "../../core/datagrams/unix_socket.ts";
import { dialling } from "../dial_error.ts";
import type { unixgramOptions } from "./options.ts";

/** Opens a session with a Unix datagram socket. */
export function connectUnixgram(
  endpoint: Endpoint,
  given: OptionValues<typeof unixgramOptions>,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  return dialling(endpoint.text, async () => {
    const to: Address = { transport: "unixgram", path: endpoint.path };
    // Sending to a missing path fails only with the first datagram; this reports it when dialling.
    if (!endpoint.path.startsWith("\0")) await Deno.stat(endpoint.path);
    const { localPath } = given;
    const { path, remove } = localPath === undefined
      ? await anonymousPath()
      : { path: localPath, remove: () => removeFile(localPath) };
    const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
    const bare = await openUnixDatagrams(path, bind, remove);
    return await openDatagramSession(bare, to, { layers, signal }, given);
  });
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The runtime removed it already.
  }
}
