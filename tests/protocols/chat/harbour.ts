/** The hub of a chat over a log and other nodes that a test decides. */

import { type OptionValues, resolveOptions } from "../../../core/options/option.ts";
import type { StreamSession } from "../../../core/streams/stream_session.ts";
import { createMemoryLog } from "../../../protocols/chat/history/memory_log.ts";
import { Hub } from "../../../protocols/chat/hub/hub.ts";
import type { ChatLog } from "../../../protocols/chat/log.ts";
import { chatOptions } from "../../../protocols/chat/options.ts";
import { alone, type ChatPeers } from "../../../protocols/chat/peers.ts";
import { visit } from "../../../protocols/chat/service/visit.ts";
import { stillContext } from "../../memory.ts";
import { MemoryMembers } from "./memory_chat.ts";

/** A hub, and members of it. */
export class Harbour extends MemoryMembers {
  readonly hub: Hub;

  constructor(
    peers: Partial<ChatPeers> = {},
    log: (hub: Hub) => Partial<ChatLog> = () => ({}),
    options: Partial<OptionValues<typeof chatOptions>> = {},
  ) {
    super();
    this.hub = new Hub(resolveOptions(chatOptions, options), stillContext());
    const memory = createMemoryLog({ messages: 100, ageMs: Infinity }, this.hub.logHooks);
    this.hub.use({
      append: (message) => memory.append(message),
      last: (room, count, before) => memory.last(room, count, before),
      after: (room, seq, count) => memory.after(room, seq, count),
      search: (room, words, count) => memory.search(room, words, count),
      [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
      ...log(this.hub),
    });
    this.hub.peers = { ...alone, ...peers };
  }

  protected override readonly framing = "line";

  protected override serve(session: StreamSession): Promise<void> {
    return visit(this.hub, session);
  }

  protected override end(): Promise<void> {
    return this.hub[Symbol.asyncDispose]();
  }
}
