/** A ChatStore as its contract says, in memory, and in a file of lines for tests that kill the node. */

import type { ChatMessage } from "../../../../protocols/chat/message.ts";
import type { ChatStore, StoreEntry, StoreResult } from "../../../../protocols/chat/store.ts";

type Line = { readonly entry: StoreEntry } | { readonly note: readonly [string, string] };

/** A store. Without a file nothing outlives it. */
export class JournalStore implements ChatStore {
  readonly #messages = new Map<string, ChatMessage>();
  readonly #notes = new Map<string, string>();
  readonly #file: Deno.FsFile | undefined;
  #lines: Line[] = [];
  #lastSeq = 0;
  /** Thrown by the next `append`. */
  failure: Error | undefined;

  constructor(path?: string) {
    if (path === undefined) return;
    this.#file = Deno.openSync(path, { read: true, append: true, create: true });
    const lines = Deno.readTextFileSync(path).split("\n");
    lines.pop(); // What stands behind the last newline was torn off.
    for (const line of lines) {
      const turn = JSON.parse(line) as readonly Line[];
      for (const one of turn) {
        if ("entry" in one) this.#put(one.entry);
        else this.#notes.set(...one.note as [string, string]);
      }
    }
  }

  async append(entries: readonly StoreEntry[]): Promise<readonly StoreResult[]> {
    const { failure } = this;
    if (failure !== undefined) {
      this.failure = undefined;
      await Promise.resolve();
      throw failure;
    }
    const results = entries.map((entry) => {
      this.#write({ entry });
      return this.#put(entry);
    });
    await this.#written();
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

  note(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#notes.get(key));
  }

  async setNote(key: string, value: string): Promise<void> {
    this.#notes.set(key, value);
    this.#write({ note: [key, value] });
    await this.#written();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    this.#file?.close();
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

  /** What is written in one turn becomes one line: all of it is there after a crash, or nothing. */
  #write(line: Line): void {
    if (this.#lines.push(line) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length === 0 || this.#file === undefined) return;
    const bytes = new TextEncoder().encode(JSON.stringify(lines) + "\n");
    if (this.#file.writeSync(bytes) < bytes.length) throw new Error("the disk is full");
  }

  async #written(): Promise<void> {
    await new Promise<void>((resolve) => queueMicrotask(resolve));
  }
}
