// Discard: reads everything and throws it away (RFC 863).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";

/** Reads everything and throws it away; answers nothing. */
export const discard: Protocol<NoOptions> = statelessProtocol({
  name: "discard",
  summary: "Reads everything and throws it away (RFC 863)",
  framing: "none",
  datagramReply: "none",
  async serve(session) {
    for await (const _message of session);
  },
});
