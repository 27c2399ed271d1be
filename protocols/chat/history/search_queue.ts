// The searches through a history: one after the other, in a Worker that starts with the first one.

import type { Clock } from "../../../core/clock.ts";
import { errorText } from "../../../core/event.ts";
import type { ChatMessage } from "../message.ts";
import type { SqliteRequest } from "./sqlite_worker.ts";
import type { WorkerCalls } from "./worker_calls.ts";

/** What limits searches. */
export interface SearchLimits {
  readonly searchTimeoutMs: number;
  /** How many may wait for one another. */
  readonly maxSearches: number;
  readonly clock: Clock;
}

/** Searches that wait, and the Worker that carries them out. */
export class SearchQueue {
  readonly #path: string;
  readonly #startWorker: () => WorkerCalls<SqliteRequest>;
  readonly #limits: SearchLimits;
  #worker: WorkerCalls<SqliteRequest> | undefined;
  /** The search before, whatever became of it. */
  #before: Promise<unknown> = Promise.resolve();
  #searches = 0;
  #closed = false;

  constructor(
    path: string,
    startWorker: () => WorkerCalls<SqliteRequest>,
    limits: SearchLimits,
  ) {
    this.#path = path;
    this.#startWorker = startWorker;
    this.#limits = limits;
  }

  /** Searches once it is its turn.
   *
   * @param written what the search has to see
   * @throws {Error} when too many wait already, or when it takes too long */
  async search(request: SqliteRequest, written: Promise<void>): Promise<readonly ChatMessage[]> {
    if (this.#searches >= this.#limits.maxSearches) {
      throw new Error(`${this.#searches} searches wait already`);
    }
    this.#searches++;
    // One after the other: when one is cut off, it takes no other with it.
    const search = Promise.all([this.#before, written]).then(() => this.#carryOut(request));
    this.#before = search.catch(() => {});
    try {
      return await search;
    } finally {
      this.#searches--;
    }
  }

  /** Ends it. A search that still runs is not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#searches === 0) await this.#worker?.ask({ do: "close" }).catch(() => {});
    this.#worker?.[Symbol.dispose]();
  }

  async #carryOut(request: SqliteRequest): Promise<readonly ChatMessage[]> {
    if (this.#closed) throw new Error("it was closed");
    const worker = this.#opened();
    const { searchTimeoutMs, clock } = this.#limits;
    // SQLite cannot be interrupted from here; its thread ends by itself soon after.
    const stopTimer = clock.after(
      searchTimeoutMs,
      () => worker.stop(`it took longer than ${searchTimeoutMs} ms; look for rarer words`),
    );
    try {
      return await worker.ask(request);
    } finally {
      stopTimer();
    }
  }

  /** The Worker that searches: a new one when the one before was cut off. */
  #opened(): WorkerCalls<SqliteRequest> {
    if (this.#worker !== undefined && !this.#worker.stopped) return this.#worker;
    const worker = this.#worker = this.#startWorker();
    // A search that waits for it fails for the same reason, and the next one starts anew.
    worker.ask({ do: "openSearch", path: this.#path })
      .catch((error) => worker.stop(errorText(error)));
    return worker;
  }
}
