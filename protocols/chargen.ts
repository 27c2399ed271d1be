// Character generator: a pattern to test with (RFC 864).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";
import { bytesOf } from "../core/session.ts";

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join(
  "",
);
const COLUMNS = 72;
const CYCLE = Array.from(PRINTABLE, (_, start) => {
  const wrapped = PRINTABLE.slice(start) + PRINTABLE;
  return wrapped.slice(0, COLUMNS) + "\r\n";
});

/** All 95 lines of the pattern: what a stream is sent over and over. */
const STREAM_BLOCK = bytesOf(CYCLE.join(""));

/** The largest answer to one datagram. */
const MAX_DATAGRAM_BYTES = 512;

/** On a stream, sends the rotating pattern of RFC 864 until the peer goes; where messages have
 * boundaries, answers each with 0 to 512 bytes of it. */
export const chargen: Protocol<NoOptions> = statelessProtocol({
  name: "chargen",
  summary: "Sends a rotating pattern of characters without end (RFC 864)",
  framing: "none",
  datagramReply: "larger",
  async serve(session, { random, signal }) {
    if (session.boundary === "bytes") {
      while (!signal.aborted) await session.send(STREAM_BLOCK);
      return;
    }
    for await (const _message of session) {
      const length = Math.floor(random() * (MAX_DATAGRAM_BYTES + 1));
      await session.send(STREAM_BLOCK.subarray(0, length));
    }
  },
});
