// The queue of searches through a history. They run one after the other, in a Worker that starts with
// the first of them.

import type { Clock } from "../../../core/clock.ts";
import { errorText } from "../../../core/event.ts";
import type { ChatMessage } from "../message.ts";
import type { SqliteRequest } from "./sqlite_worker.ts";
import type { WorkerCalls } from "./worker_calls.ts";

interface SearchLimits {
  readonly searchTimeoutMs: number;
  /** How many may wait. */
  readonly maxSearches: number;
  readonly clock: Clock;
}

/** The searches that wait, and the Worker that carries them out. */
export class SearchQueue {
  readonly #path: string;
  readonly #startWorker: () => WorkerCalls<SqliteRequest>;
  readonly #limits: SearchLimits;
  #worker: WorkerCalls<SqliteRequest> | undefined;
  /** Settles with the search before, found or failed. */
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
   * @param written resolves once the history holds everything that the search has to find
   * @throws {Error} when too many wait already, or when it takes too long */
  async search(request: SqliteRequest, written: Promise<void>): Promise<readonly ChatMessage[]> {
    if (this.#searches >= this.#limits.maxSearches) {
      throw new Error(`${this.#searches} searches wait already`);
    }
    this.#searches++;
    // One at a time: a search that takes too long is stopped with its Worker, and would take others
    // with it.
    const search = Promise.all([this.#before, written]).then(() => this.#carryOut(request));
    this.#before = search.catch(() => {});
    try {
      return await search;
    } finally {
      this.#searches--;
    }
  }

  /** Ends the queue. A search that still runs is stopped. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#searches === 0) await this.#worker?.ask({ do: "close" }).catch(() => {});
    this.#worker?.[Symbol.dispose]();
  }

  async #carryOut(request: SqliteRequest): Promise<readonly ChatMessage[]> {
    if (this.#closed) throw new Error("it was closed");
    const worker = this.#opened();
    const { searchTimeoutMs, clock } = this.#limits;
    // A query cannot be interrupted from another thread; the thread is terminated instead.
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

  /** The Worker that searches: a new one when the last one was stopped. */
  #opened(): WorkerCalls<SqliteRequest> {
    if (this.#worker !== undefined && !this.#worker.stopped) return this.#worker;
    const worker = this.#worker = this.#startWorker();
    // A search that waits for it fails for the same reason, and the next one starts another.
    worker.ask({ do: "openSearch", path: this.#path })
      .catch((error) => worker.stop(errorText(error)));
    return worker;
  }
}
