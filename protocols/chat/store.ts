// The contract of a store, in which one node keeps messages: the history of a single server, and in a
// cluster what the node has of the shared log and what it still owes to it.

import type { ChatMessage, NewMessage } from "./message.ts";

/** A message to store. */
export interface StoreEntry {
  /** The message, without its place. */
  readonly message: NewMessage;
  /** Its place in the room, where the shared log has given it one; without one the store gives it the
   * next, unless it is `owed`. */
  readonly seq?: number;
  /** Whether it is to be shared later: it has no place until then. */
  readonly owed?: boolean;
}

/** The result of storing one entry. */
export interface StoreResult {
  /** As in ChatMessage. */
  readonly seq: number | undefined;
  /** Whether the id was there before. An owed message that now comes with a place gets it, and counts
   * as there before. */
  readonly duplicate: boolean;
}

/** How much is kept of a room. */
export interface Retention {
  /** The newest this many; Infinity keeps all. */
  readonly messages: number;
  /** Not older than this, in milliseconds; Infinity keeps all. */
  readonly ageMs: number;
}

/** A durable store. Calls are carried out in their order; many at once are written together. */
export interface ChatStore extends AsyncDisposable {
  /** Stores entries, all or none; resolves once they would survive a `kill -9`. One result for each.
   * @throws {Error} when they cannot be stored, saying why */
  append(entries: readonly StoreEntry[]): Promise<readonly StoreResult[]>;
  /** As in ChatLog; owed messages stand last. */
  last(room: string, count: number, before?: number): Promise<readonly ChatMessage[]>;
  /** As in ChatLog. */
  after(room: string, seq: number, count: number): Promise<readonly ChatMessage[]>;
  /** As in ChatLog. */
  search(room: string, words: string, count: number): Promise<readonly ChatMessage[]>;
  /** The owed messages, oldest first. */
  owed(count: number): Promise<readonly ChatMessage[]>;
  /** The highest place that was ever taken; 0 before any was. */
  highest(): Promise<number>;
  /** A note that survives, such as how far a shared log was read; undefined when there is none. */
  note(key: string): Promise<string | undefined>;
  /** Writes a note, together with the entries of an `append` that was called in the same turn. */
  setNote(key: string, value: string): Promise<void>;
}
