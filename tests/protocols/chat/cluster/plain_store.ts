/** A ChatStore as its contract says, in memory, without a Worker and its timing. */

import type { ChatMessage } from "../../../../protocols/chat/message.ts";
import type { ChatStore, StoreEntry, StoreResult } from "../../../../protocols/chat/store.ts";

/** A store that nothing of outlives. */
export class PlainStore implements ChatStore {
  readonly #messages = new Map<string, ChatMessage>();
  readonly #notes = new Map<string, string>();
  #lastSeq = 0;
  /** Thrown by the next `append`. */
  failure: Error | undefined;

  async append(entries: readonly StoreEntry[]): Promise<readonly StoreResult[]> {
    const { failure } = this;
    this.failure = undefined;
    const results = failure ? [] : entries.map((entry) => this.#put(entry));
    await Promise.resolve();
    if (failure) throw failure;
    return results;
  }

  last(room: string, count: number, before = Infinity): Promise<readonly ChatMessage[]> {
    const found = this.#room(room).filter(({ seq }) =>
      seq === undefined ? before === Infinity : seq < before
    );
    return Promise.resolve(count === 0 ? [] : found.slice(-count));
  }

  after(room: string, seq: number, count: number): Promise<readonly ChatMessage[]> {
    const found = this.#room(room).filter((message) => (message.seq ?? Infinity) > seq);
    return Promise.resolve(found.slice(0, count));
  }

  async search(room: string, words: string, count: number): Promise<readonly ChatMessage[]> {
    const all = await this.last(room, Infinity);
    return all.filter(({ text }) => words.split(" ").every((word) => text.includes(word)))
      .slice(-count);
  }

  owed(count: number): Promise<readonly ChatMessage[]> {
    const owed = [...this.#messages.values()].filter(({ seq }) => seq === undefined);
    return Promise.resolve(owed.slice(0, count));
  }

  highest(): Promise<number> {
    return Promise.resolve(this.#lastSeq);
  }

  note(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#notes.get(key));
  }

  setNote(key: string, value: string): Promise<void> {
    this.#notes.set(key, value);
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #put({ message, seq, owed }: StoreEntry): StoreResult {
    const known = this.#messages.get(message.id);
    if (known !== undefined) {
      const place = known.seq ?? seq;
      if (place !== known.seq) this.#messages.set(message.id, { ...known, seq: place });
      return { seq: place, duplicate: true };
    }
    const place = owed === true ? undefined : seq ?? this.#lastSeq + 1;
    this.#lastSeq = Math.max(this.#lastSeq, place ?? 0);
    this.#messages.set(message.id, { ...message, seq: place });
    return { seq: place, duplicate: false };
  }

  #room(room: string): ChatMessage[] {
    const found = [...this.#messages.values()].filter((message) => message.room === room);
    return found.sort((one, other) => (one.seq ?? Infinity) - (other.seq ?? Infinity));
  }
}
