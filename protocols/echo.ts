// Echo: every message goes back untouched (RFC 862).

import { statelessProtocol } from "../core/protocol.ts";

/** Sends every message back, byte for byte, until the peer ends its half. */
export const echo = statelessProtocol({
  name: "echo",
  summary: "Sends every message back untouched (RFC 862)",
  framing: "none",
  datagramReply: "bounded",
  async serve(session) {
    for await (const message of session) await session.send(message);
  },
});
