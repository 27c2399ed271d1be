// What is said in a chat.

/** How a member has its name: `plain` names go to the first client that asks, `verified` ones are
 * proved by a certificate, a signature or a shared key. */
export type Standing = "plain" | "verified";

/** One message of a room, as it is kept and shown. */
export interface ChatMessage {
  /** Given by the sender or, where it gives none, by the server; unique for ever. */
  readonly id: string;
  readonly room: string;
  /** Where it stands among the messages of its room: grows, has gaps, and is the same on every node
   * that shares the room. What only one node knows so far has none. */
  readonly seq: number | undefined;
  readonly name: string;
  readonly standing: Standing;
  /** `me` is what `/me` says: an action in the third person. */
  readonly kind: "say" | "me";
  /** Without control characters; at most `maxTextBytes` long. */
  readonly text: string;
  /** When the first server had it, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** When its sender says it was sent, in milliseconds since the epoch, where it says so. */
  readonly sentAtMs: number | undefined;
}

/** A message that is about to be stored. */
export type NewMessage = Omit<ChatMessage, "seq">;
