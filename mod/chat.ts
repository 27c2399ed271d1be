/** The parts of the chat: the server's protocol and its history, and clients that join it.
 *
 * ```ts
 * import { serve } from "@sockdock/sockdock";
 * import { chat, joinChat } from "@sockdock/sockdock/chat";
 *
 * await using server = await serve("tcp://127.0.0.1:0", chat);
 * await using klem = await joinChat(server.url, { name: "klem" });
 * await using mia = await joinChat(server.url, { name: "mia" });
 * await klem.say("the tide is in");
 * for await (const event of mia) {
 *   if (event.event !== "message") continue;
 *   console.log(`${event.message.name}: ${event.message.text}`); // klem: the tide is in
 *   break;
 * }
 * ```
 *
 * @module */

export {
  type ChatLinkEvent,
  joinChat,
  type JoinChatHooks,
  type JoinChatOptions,
  type JoinedChat,
} from "../dock/join_chat.ts";
export { chat } from "../protocols/chat.ts";
export {
  type ChatAck,
  type ChatClient,
  ChatError,
  type ChatEvent,
  ChatLostError,
  chatOver,
  type ChatOverOptions,
  type ChatQuestions,
  NoChatError,
  type SayOptions,
} from "../protocols/chat/client/chat_over.ts";
export type { Member, Room, Whisper } from "../protocols/chat/client/server_message.ts";
export {
  type Cluster,
  type ClusterContext,
  type ClusterStats,
  openCluster,
} from "../protocols/chat/cluster/open_cluster.ts";
export { defaultHistoryFile } from "../protocols/chat/history/history_file.ts";
export {
  createMemoryLog,
  createNoLog,
  type MemoryLimits,
} from "../protocols/chat/history/memory_log.ts";
export { createLocalLog, openHistory } from "../protocols/chat/history/open_history.ts";
export {
  openSqliteStore,
  type SqliteStoreOptions,
} from "../protocols/chat/history/sqlite_store.ts";
export type { ChatLog, LogHooks, LostSpan, Receipt, Scope } from "../protocols/chat/log.ts";
export type { ChatMessage, NewMessage, Standing } from "../protocols/chat/message.ts";
export type { ChatPeerHooks, ChatPeers, RemoteMember } from "../protocols/chat/peers.ts";
export type { ChatStore, Retention, StoreEntry, StoreResult } from "../protocols/chat/store.ts";
export type { ChatProtocolOptions, ClusterOptions } from "../protocols/option_types.ts";
