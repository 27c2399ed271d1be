// A history in an SQLite file. Two Workers have it open, one that writes and one that searches, so
// that neither a slow disk nor a search stalls the thread that serves the chat.

import { resolve } from "node:path";
import { type Clock, systemClock } from "../../../core/clock.ts";
import { errorText } from "../../../core/event.ts";
import type { ChatMessage } from "../message.ts";
import type { ChatStore, Retention, StoreEntry, StoreResult } from "../store.ts";
import { cannotOpen, isForeign, leaveAlone, makeHistoryFile } from "./history_file.ts";
import { SearchQueue } from "./search_queue.ts";
import { queryWords } from "./search_words.ts";
import type { SqliteRequest } from "./sqlite_worker.ts";
import { WorkerCalls } from "./worker_calls.ts";

/** How a history is kept. */
export interface SqliteStoreOptions {
  /** How much is kept of each room. */
  readonly retention: Retention;
  /** How large the file may grow, in bytes; a larger one takes no messages. @default Infinity */
  readonly maxBytes?: number;
  /** How long a search may take, in milliseconds. @default 2000 */
  readonly searchTimeoutMs?: number;
  /** How many searches may wait. @default 32 */
  readonly maxSearches?: number;
  /** How many messages may wait to be written. @default 20000 */
  readonly maxWaiting?: number;
  /** How often retention is applied, in milliseconds. @default 30000 */
  readonly sweepEveryMs?: number;
  /** Called with what the operator should know, such as that no old messages can be removed. */
  readonly notice?: (text: string) => void;
  /** The timers of the store; tests move their own. @default those of this machine */
  readonly clock?: Clock;
}

/** A transaction with this many entries takes no further calls. */
const FULL_BATCH = 1_000;

/** How many rows one step of retention removes: a few milliseconds of the writer's time. */
const SWEEP_ROWS = 100;

/** The pause between two steps of retention, so that messages come first. */
const SWEEP_PAUSE_MS = 20;

/** Opens a history, and makes the file where there is none. No other process may have it open.
 * @throws {UsageError} when the file cannot be used, saying why and what to do */
export async function openSqliteStore(
  path: string,
  options: SqliteStoreOptions,
): Promise<ChatStore> {
  const store = new SqliteStore(resolve(path), options);
  await makeHistoryFile(resolve(path));
  await store.open();
  return store;
}

/** Calls that are written in one transaction. */
interface WriteBatch {
  readonly writings: { entries: readonly StoreEntry[]; notes: [key: string, value: string][] }[];
  readonly done: PromiseWithResolvers<StoreResult[][]>;
  entries: number;
}

class SqliteStore implements ChatStore {
  readonly #path: string;
  readonly #options: Required<SqliteStoreOptions>;
  readonly #searches: SearchQueue;
  #writer: WorkerCalls<SqliteRequest> | undefined;
  /** Resolves with the writer once it has opened the file. */
  #opened: Promise<WorkerCalls<SqliteRequest>> | undefined;
  /** Batches that the Worker does not have yet. */
  readonly #batches: WriteBatch[] = [];
  /** The batch that takes the calls of this turn. */
  #turn: WriteBatch | undefined;
  /** How many entries are with the Worker or wait for it. */
  #waiting = 0;
  #writing: Promise<void> | undefined;
  #stopSweep: () => void = () => {};
  #closed: Promise<void> | undefined;
  /** Whether the file was closed, after everything that was called before. */
  #ended = false;

  constructor(path: string, options: SqliteStoreOptions) {
    this.#path = path;
    this.#options = {
      maxBytes: Infinity,
      searchTimeoutMs: 2_000,
      maxSearches: 32,
      maxWaiting: 20_000,
      sweepEveryMs: 30_000,
      notice: () => {},
      clock: systemClock,
      ...options,
    };
    this.#searches = new SearchQueue(path, startSqliteWorker, this.#options);
  }

  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      if (isForeign(error)) await leaveAlone(this.#path);
      throw cannotOpen(this.#path, error);
    }
    this.#sweepAfter(SWEEP_PAUSE_MS);
  }

  async append(entries: readonly StoreEntry[]): Promise<readonly StoreResult[]> {
    if (this.#waiting >= this.#options.maxWaiting) {
      throw new Error(`${this.#waiting} messages wait to be stored already: the disk is too slow`);
    }
    return await this.#write(entries, []);
  }

  async setNote(key: string, value: string): Promise<void> {
    await this.#write([], [[key, value]]);
  }

  last(room: string, count: number, before?: number): Promise<readonly ChatMessage[]> {
    return this.#read({ do: "last", room, count, before });
  }

  after(room: string, seq: number, count: number): Promise<readonly ChatMessage[]> {
    return this.#read({ do: "after", room, seq, count });
  }

  owed(count: number): Promise<readonly ChatMessage[]> {
    return this.#read({ do: "owed", count });
  }

  highest(): Promise<number> {
    return this.#read({ do: "highest" });
  }

  note(key: string): Promise<string | undefined> {
    return this.#read({ do: "note", key });
  }

  async search(room: string, words: string, count: number): Promise<readonly ChatMessage[]> {
    this.#refuseClosed();
    if (queryWords(words).length === 0) return [];
    try {
      return await this.#searches.search({ do: "search", room, words, count }, this.#written());
    } catch (error) {
      throw this.#cannot("search", error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#stopSweep();
    while (this.#writing !== undefined) await this.#writing;
    this.#ended = true;
    // The writer is closed last: the last connection moves the write-ahead log into the file.
    await this.#searches.close();
    // A Worker that died has released its locks, and what was acknowledged is in the file.
    await this.#writer?.ask({ do: "close" }).catch(() => {});
    this.#writer?.[Symbol.dispose]();
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new Error(`The history in ${this.#path} is closed`);
  }

  /** The Worker that writes, with the file open: a new one when the last one has died. */
  #connect(): Promise<WorkerCalls<SqliteRequest>> {
    if (this.#ended) this.#refuseClosed();
    if (this.#opened !== undefined && !this.#writer?.stopped) return this.#opened;
    const calls = this.#writer = startSqliteWorker();
    this.#opened = calls.ask({ do: "open", path: this.#path, maxBytes: this.#options.maxBytes })
      .then(() => calls, (error) => {
        calls[Symbol.dispose]();
        throw error;
      });
    return this.#opened;
  }

  async #ask<T>(request: SqliteRequest): Promise<T> {
    return await (await this.#connect()).ask<T>(request);
  }

  async #read<T>(request: SqliteRequest): Promise<T> {
    this.#refuseClosed();
    await this.#written();
    try {
      return await this.#ask<T>(request);
    } catch (error) {
      throw this.#cannot("read", error);
    }
  }

  #cannot(doWhat: string, error: unknown): Error {
    return new Error(`Cannot ${doWhat} the history in ${this.#path}: ${errorText(error)}`, {
      cause: error,
    });
  }

  /** Resolves once all that was to be written until now is written, or has failed. */
  async #written(): Promise<void> {
    await this.#batches.at(-1)?.done.promise.catch(() => {});
  }

  async #write(
    entries: readonly StoreEntry[],
    notes: [key: string, value: string][],
  ): Promise<readonly StoreResult[]> {
    this.#refuseClosed();
    const batch = this.#turn ??= this.#openTurn();
    const place = batch.writings.push({ entries, notes }) - 1;
    batch.entries += entries.length;
    this.#waiting += entries.length;
    this.#writing ??= this.#writeAll();
    return (await batch.done.promise)[place]!;
  }

  /** The batch for the calls of one turn of the event loop, which are written together. */
  #openTurn(): WriteBatch {
    queueMicrotask(() => this.#turn = undefined);
    const last = this.#batches.at(-1);
    if (last !== undefined && last.entries < FULL_BATCH) return last;
    const batch: WriteBatch = { writings: [], done: Promise.withResolvers(), entries: 0 };
    // Each call reports the failure; a batch that no caller awaits must not end the process.
    batch.done.promise.catch(() => {});
    this.#batches.push(batch);
    return batch;
  }

  /** Sends the batches, one at a time: while the disk is busy with one, the next one grows. */
  async #writeAll(): Promise<void> {
    // At the end of this turn all its calls are in the batch.
    await Promise.resolve();
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      try {
        batch.done.resolve(
          await this.#ask<StoreResult[][]>({
            do: "write",
            writings: batch.writings,
            nowMs: this.#options.clock.now(),
          }),
        );
      } catch (error) {
        batch.done.reject(this.#cannot("write", error));
      }
      this.#waiting -= batch.entries;
    }
    this.#writing = undefined;
  }

  #sweepAfter(delayMs: number): void {
    this.#stopSweep = this.#options.clock.after(delayMs, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const { retention, clock, sweepEveryMs, notice } = this.#options;
    let more = false;
    try {
      more = await this.#read<boolean>({
        do: "sweep",
        retention,
        nowMs: clock.now(),
        limit: SWEEP_ROWS,
      });
    } catch (error) {
      if (this.#closed === undefined) notice(`Old messages are not removed. ${errorText(error)}`);
    }
    if (this.#closed === undefined) this.#sweepAfter(more ? SWEEP_PAUSE_MS : sweepEveryMs);
  }
}

function startSqliteWorker(): WorkerCalls<SqliteRequest> {
  return new WorkerCalls(new URL("./sqlite_worker.ts", import.meta.url));
}
