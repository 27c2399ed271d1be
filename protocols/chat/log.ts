// The contract of a log: the one order of the messages of a room. The hub puts messages in, and shows
// its members what comes out. history/ and cluster/ have the logs that there are.

import type { ChatMessage, NewMessage } from "./message.ts";

/** How safe a message is.
 *
 * - `stored`: it survives whatever happens to this process, and to the cluster's others where there
 *   is a cluster.
 * - `local`: this node has stored it and will share it once the others can be reached again.
 * - `memory`: nothing is stored, as was asked for. */
export type Scope = "stored" | "local" | "memory";

/** Proof that a message was taken. */
export interface Receipt {
  /** As in ChatMessage. */
  readonly id: string;
  /** As in ChatMessage. */
  readonly seq: number | undefined;
  /** How safe the message is. */
  readonly scope: Scope;
  /** Whether the id was there before: the message is not said twice. */
  readonly duplicate: boolean;
}

/** Messages that were said elsewhere and are gone for good: this node never got them. */
export interface LostSpan {
  /** How many at most; some may have been of other rooms. */
  readonly count: number;
  /** The place of the first message after them. */
  readonly before: number;
  /** When the message before them was said, in milliseconds since the epoch. */
  readonly fromMs: number;
  /** When the message after them was said, in milliseconds since the epoch. */
  readonly toMs: number;
}

/** A span, for people. */
export function lostSpanText({ count, fromMs, toMs }: LostSpan): string {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  const many = count === 1 ? "a message is" : `up to ${count} messages are`;
  return `${many} missing here: said elsewhere between ${from} and ${to}, and discarded by the ` +
    "broker before this server was back";
}

/** The events of a log, for its chat. */
export interface LogHooks {
  /** A message to show to its room. Called once for each message that this node has not shown before,
   * in the room's order; a message of our own comes before its receipt does. */
  deliver(message: ChatMessage): void;
  /** Something that the operator of the server should know, such as that the broker is gone. */
  notice(text: string): void;
}

/** The messages of all rooms of one chat. The hooks that it was opened with are called until it is
 * disposed of. */
export interface ChatLog extends AsyncDisposable {
  /** Takes a message; resolves once it is as safe as the receipt says. Messages are stored in the
   * order of the calls.
   * @throws {Error} when it cannot be stored (a full disk), saying why; it is not delivered then */
  append(message: NewMessage): Promise<Receipt>;
  /** The last messages of a room, oldest first.
   * @param before only those that stand before this one */
  last(room: string, count: number, before?: number): Promise<readonly ChatMessage[]>;
  /** The first messages of a room that stand after one, oldest first. */
  after(room: string, seq: number, count: number): Promise<readonly ChatMessage[]>;
  /** The spans after a place that are missing here. */
  lostAfter?(seq: number): readonly LostSpan[];
  /** The last messages of a room that hold all the words, oldest first. */
  search(room: string, words: string, count: number): Promise<readonly ChatMessage[]>;
}
