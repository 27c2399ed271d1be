// Print: shows what arrives, answers nothing.

import { formatAddress } from "../core/addresses/address.ts";
import { type TableOf, text } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import { textOf } from "../core/session.ts";
import type { PrintProtocolOptions } from "./option_types.ts";

const options = {
  until: text({ metavar: "text", help: "stop the server when this message arrives, such as q" }),
} as const;

/** Emits every message, with its sender, as a `message` event. On a stream a line is a message. */
export const print: Protocol<TableOf<PrintProtocolOptions>> = {
  name: "print",
  summary: "Shows every message with its sender and answers nothing",
  framing: "line",
  datagramReply: "none",
  options,
  open: ({ until }, context) => ({
    async serve(session) {
      const peer = formatAddress(session.peer);
      for await (const message of session) {
        if (until !== undefined && textOf(message).trimEnd() === until) {
          context.stop(`${peer} sent ${until}`);
          return;
        }
        // The event outlives the buffer that the message is a view of.
        context.emit?.({
          event: "message",
          message: typeof message === "string" ? message : message.slice(),
        }, session);
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
};
