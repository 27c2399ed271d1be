// Chat: one room, or many, that clients of every transport share (docs/chat.md).

import type { OptionValues, TableOf } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import { UsageError } from "../core/usage_error.ts";
import { chatNeeds, chatOptions } from "./chat/options.ts";
import type { ChatProtocolOptions } from "./option_types.ts";

/** A client that only reads is still in the chat, so that its silence says little. */
const IDLE_TIMEOUT_MS = 12 * 60 * 60_000;

/** A chat with names, rooms and history, for plain text and for JSON; with `bare` what one client
 * sends goes to every other as it is. In the library its history is in memory unless `history` names
 * a file. */
export const chat: Protocol<TableOf<ChatProtocolOptions>> = {
  name: "chat",
  summary: "Chat rooms that clients of every transport share",
  framing: "line",
  datagramReply: "larger",
  console: true,
  defaults: {
    peerTimeoutMs: 10 * 60_000,
    idleTimeoutMs: IDLE_TIMEOUT_MS,
    maxMessageBytes: 64 * 1024,
  },
  options: chatOptions,
  needs: chatNeeds,
  async open(options, context) {
    if (options.bare) {
      refuseUseless(options);
      const { openBare } = await import("./chat/service/bare.ts");
      return openBare(options, context);
    }
    if (!/^[\p{L}\p{N}_.@-]{1,64}$/u.test(options.as)) {
      throw new UsageError(
        `--as: expected a name of letters, digits, - and _, got "${options.as}"`,
      );
    }
    const { openChat } = await import("./chat/service/open_chat.ts");
    return await openChat(options, context);
  },
};

/** Refuses options that have no effect with `--bare`: they would be missed only once they are needed.
 * @throws {UsageError} naming the option */
function refuseUseless({ cluster, history }: OptionValues<typeof chatOptions>): void {
  const useless = cluster.length > 0
    ? "--cluster"
    : history !== "off" && history !== ":memory:"
    ? "--history"
    : undefined;
  if (useless === undefined) return;
  throw new UsageError(`${useless} has no effect with --bare, which keeps and shares nothing`);
}
