// Time: the time for machines (RFC 868).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";

/** Seconds from 1900-01-01 to 1970-01-01, both 00:00 UTC. */
const SECONDS_1900_TO_1970 = 2_208_988_800;

/** Sends the seconds since 1900 as 32 bits, most significant byte first, and closes. The number
 * wraps in February 2036, as every server of RFC 868 does. */
export const time: Protocol<NoOptions> = statelessProtocol({
  name: "time",
  summary: "Sends the seconds since 1900 as four bytes and closes (RFC 868)",
  framing: "none",
  datagramReply: "larger",
  async serve(session, { now }) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, Math.floor(now() / 1000) + SECONDS_1900_TO_1970);
    await session.send(bytes);
  },
});
