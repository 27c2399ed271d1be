// Upper: answers text in upper case.

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";
import { texts } from "../core/session.ts";

/** Answers every message with its text in upper case, without the white space around it and
 * without a newline. On a stream every read is a message: its clients send and wait. */
export const upper: Protocol<NoOptions> = statelessProtocol({
  name: "upper",
  summary: "Answers in upper case, with the white space around it stripped",
  framing: "none",
  // A letter can grow: German sharp s becomes two.
  datagramReply: "larger",
  async serve(session) {
    for await (const text of texts(session)) await session.send(text.trim().toUpperCase());
  },
});
