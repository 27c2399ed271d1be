// When the rooms of a chat hand over what happened in them: a lone line at once, in a busy chat
// many together, because handing over costs about the same for one line as for many.

import { clearImmediate, setImmediate } from "node:timers";
import type { LocalRoom } from "./local_room.ts";

/** In a busy chat, how long what happens is gathered at most. */
const FLUSH_INTERVAL_MS = 5;

/** About how long handing a batch to one member takes. After each flush the schedule waits as long
 * as that flush was worth, so that a busy chat gets larger batches and not more of them. */
const HAND_OVER_MS = 0.05;

/** How far the cost of past flushes may run ahead of the clock before the next one has to wait. */
const ALLOWED_DEBT_MS = 20;

/** Flushes rooms, soon after something happened in them. */
export class FlushSchedule implements Disposable {
  readonly #rooms = new Set<LocalRoom>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  /** Until when the past flushes, at their cost, keep the process busy; by `performance.now()`. */
  #busyUntilMs = 0;

  /** Has a room flushed soon. */
  add(room: LocalRoom): void {
    this.#rooms.add(room);
    if (this.#timer !== undefined || this.#immediate !== undefined) return;
    const dueMs = this.#busyUntilMs - ALLOWED_DEBT_MS - performance.now();
    const waitMs = Math.min(FLUSH_INTERVAL_MS, dueMs);
    if (waitMs > 0) this.#timer = setTimeout(this.#flush, waitMs);
    else this.#immediate = setImmediate(this.#flush);
  }

  /** Leaves out a room that is closed. */
  delete(room: LocalRoom): void {
    this.#rooms.delete(room);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
  }

  readonly #flush = (): void => {
    this[Symbol.dispose]();
    const rooms = [...this.#rooms];
    this.#rooms.clear();
    let members = 0;
    for (const room of rooms) members += room.flush();
    const nowMs = performance.now();
    this.#busyUntilMs = Math.min(
      Math.max(this.#busyUntilMs, nowMs) + members * HAND_OVER_MS,
      nowMs + ALLOWED_DEBT_MS + FLUSH_INTERVAL_MS,
    );
  };
}
