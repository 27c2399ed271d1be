// Quote of the day (RFC 865).

import { type NoOptions, type Protocol, statelessProtocol } from "../core/protocol.ts";

/** Each under 512 characters, as RFC 865 asks. */
const QUOTES = [
  "Be conservative in what you send, and liberal in what you accept.\r\n  the robustness principle",
  "The network is reliable.\r\n  the first fallacy of distributed computing",
  "Latency is zero.\r\n  the second fallacy of distributed computing",
  "Bandwidth is infinite.\r\n  the third fallacy of distributed computing",
  "We reject kings, presidents and voting. We believe in rough consensus and running code.\r\n  David Clark, 1992",
  "It is always something.\r\n  RFC 1925, truth 7",
  "With sufficient thrust, pigs fly just fine.\r\n  RFC 1925, truth 3",
  "No matter how hard you push and no matter what the priority, you can't increase the speed of light.\r\n  RFC 1925, truth 2",
] as const;

/** Sends one quotation, a new one at random for each session, and closes. */
export const qotd: Protocol<NoOptions> = statelessProtocol({
  name: "qotd",
  summary: "Sends one quotation and closes (RFC 865)",
  framing: "none",
  datagramReply: "larger",
  async serve(session, { random }) {
    const quote = QUOTES[Math.floor(random() * QUOTES.length)] ?? QUOTES[0];
    await session.send(session.boundary === "bytes" ? `${quote}\r\n` : quote);
  },
});
