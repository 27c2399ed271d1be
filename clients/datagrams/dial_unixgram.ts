// Dialling Unix datagram sockets, on Deno.listenDatagram.

import { resolve } from "node:path";
import { type Address, sameAddress } from "../../core/addresses/address.ts";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import { openDatagramSession } from "../../core/datagrams/client_session.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { anonymousPath, openUnixDatagrams } from "../../core/datagrams/unix_socket.ts";
import { WrappedDatagrams } from "../../core/datagrams/wrapped_datagrams.ts";
import { requireDatagramSockets } from "../../core/runtime.ts";
import { dialling } from "../dial_error.ts";
import type { unixgramOptions } from "./options.ts";

export function connectUnixgram(
  endpoint: Endpoint,
  given: OptionValues<typeof unixgramOptions>,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  return dialling(endpoint.text, async () => {
    requireDatagramSockets(endpoint.scheme);
    const to = absolute({ transport: "unixgram", path: endpoint.path });
    // Sending to a missing path fails only with the first datagram; this reports it when dialling.
    if (!endpoint.path.startsWith("\0")) await Deno.stat(endpoint.path);
    const { localPath } = given;
    const { path, remove } = localPath === undefined
      ? await anonymousPath()
      : { path: localPath, remove: () => removeFile(localPath) };
    const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
    const bare = await openUnixDatagrams(path, bind, remove);
    return await openDatagramSession(new AbsoluteSenders(bare, to), to, { layers, signal }, given);
  });
}

/** Names senders by absolute paths. A sender's address is the text by which it bound its socket, which
 * Deno makes absolute and other programs do not; the one that was dialled is to be known by both. */
class AbsoluteSenders extends WrappedDatagrams {
  readonly #peer: Address;

  constructor(inner: DatagramSocket, peer: Address) {
    super(inner);
    this.#peer = peer;
  }

  override receive(): Promise<Datagram | null> {
    return super.receive().then((datagram) =>
      datagram === null || sameAddress(datagram.from, this.#peer)
        ? datagram
        : { ...datagram, from: absolute(datagram.from) }
    );
  }
}

/** Leaves abstract addresses, which begin with NUL, and senders without one as they are. */
function absolute(address: Address): Address {
  if (!("path" in address) || address.path === "" || address.path.startsWith("\0")) return address;
  return { ...address, path: resolve(address.path) };
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The runtime removed it already.
  }
}
