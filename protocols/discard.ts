// Discard: reads everything and throws it away (RFC 863).

import { statelessProtocol } from "../core/protocol.ts";

/** Reads everything and throws it away; answers nothing. */
export const discard = statelessProtocol({
  name: "discard",
  summary: "Reads everything and throws it away (RFC 863)",
  framing: "none",
  datagramReply: "none",
  async serve(session) {
    for await (const _message of session);
  },
});
