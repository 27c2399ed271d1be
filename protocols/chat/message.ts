// The messages of a chat, as logs and stores keep them, and how their senders have their names.

/** How a member has its name: `plain` names go to the first client that asks, `verified` ones are
 * proved by a certificate, a signature or a shared key. */
export type Standing = "plain" | "verified";

/** One message of a room, as it is kept and shown. */
export interface ChatMessage {
  /** Given by the sender or, where it gives none, by the server; unique for ever. */
  readonly id: string;
  /** The room in which it was said. */
  readonly room: string;
  /** Where it stands among the messages of its room: grows, has gaps, and is the same on every node
   * that shares the room. What only one node knows so far has none. */
  readonly seq: number | undefined;
  /** The name of the sender. */
  readonly name: string;
  /** Whether the sender proved to own its name. */
  readonly standing: Standing;
  /** `me` is what `/me` says: an action in the third person. */
  readonly kind: "say" | "me";
  /** Without control characters; at most `maxTextBytes` long. */
  readonly text: string;
  /** When the first server had it, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** When the message was sent, by the clock of its sender, in milliseconds since the epoch. */
  readonly sentAtMs: number | undefined;
}

/** A message that is about to be stored. */
export type NewMessage = Omit<ChatMessage, "seq">;
