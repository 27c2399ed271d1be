// Opens UDP sockets: on Deno.listenDatagram, or on node:dgram where the project does not have it.

import { bindNodeUdp, type UdpConn, type UdpPlace } from "../../core/datagrams/node_socket.ts";
import { hasDatagramSockets } from "../../core/runtime.ts";

export async function bindUdp(place: UdpPlace): Promise<UdpConn> {
  if (hasDatagramSockets()) return Deno.listenDatagram({ transport: "udp", ...place });
  const { createSocket } = await import("node:dgram");
  return await bindNodeUdp(createSocket, place);
}
