// Echo: every message goes back untouched (RFC 862).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";

/** Sends every message back, byte for byte, until the peer ends its half. */
export const echo: Protocol<NoOptions> = statelessProtocol({
  name: "echo",
  summary: "Sends every message back untouched (RFC 862)",
  framing: "none",
  datagramReply: "bounded",
  async serve(session) {
    for await (const message of session) await session.send(message);
  },
});
