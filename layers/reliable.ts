// The layer reliable: messages that arrive once, in order and whole, or an error that says which did
// not. docs/reliable.md describes what is on the wire.

import type { Layer } from "../core/layer.ts";
import { reliableOptions } from "./reliable/options.ts";

export const reliable: Layer<typeof reliableOptions> = {
  name: "reliable",
  summary: "Messages that arrive once, in order and whole",
  rank: 40,
  carriers: ["datagram"],
  // By the cookie of its handshake.
  provesSender: true,
  ordered: true,
  options: reliableOptions,
  async open(chosen, context) {
    const { ReliableDialSocket } = await import("./reliable/dial_socket.ts");
    const { ReliableListenSocket } = await import("./reliable/listen_socket.ts");
    return {
      datagram(socket, side, work) {
        const options = { chosen, context, work };
        return side.role === "listen"
          ? new ReliableListenSocket(socket, options)
          : new ReliableDialSocket(socket, side.to, options);
      },
    };
  },
};
