// Acknowledge: answers each message with a sentence that quotes it.

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";
import { texts } from "../core/session.ts";

/** Answers every message `X` with `Message received: X. Thank you.`, without a newline. On a
 * stream every read is a message: its clients send and wait. */
export const acknowledge: Protocol<NoOptions> = statelessProtocol({
  name: "acknowledge",
  summary: 'Answers "Message received: X. Thank you." to every message X',
  framing: "none",
  datagramReply: "larger",
  async serve(session) {
    for await (const text of texts(session)) {
      await session.send(`Message received: ${text}. Thank you.`);
    }
  },
});
