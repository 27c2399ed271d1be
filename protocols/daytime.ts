// Daytime: the time for people (RFC 867).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";

/** Sends the time in UTC as one line of text, in the form of RFC 5322 section 3.3, and closes. */
export const daytime: Protocol<NoOptions> = statelessProtocol({
  name: "daytime",
  summary: "Sends the time as text and closes (RFC 867)",
  framing: "none",
  datagramReply: "larger",
  async serve(session, { now }) {
    await session.send(`${new Date(now()).toUTCString().replace("GMT", "+0000")}\r\n`);
  },
});
