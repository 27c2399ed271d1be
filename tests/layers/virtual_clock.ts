/** A clock for layers that a test moves on. */

import type { Clock } from "../../core/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly id: number;
  readonly run: () => void;
}

/** Time that stands still until something moves it. Its methods may be passed on alone. */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #lastId = 0;
  /** The timers that are set. */
  readonly #set = new Set<Timer>();
  /** The same and some that were cancelled, as a heap: none is due before its parent. */
  readonly #heap: Timer[] = [];
  /** The time of day when the clock starts. */
  readonly startedAt: number;

  constructor(startedAt: number = Date.now()) {
    this.startedAt = startedAt;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#set.size;
  }

  readonly now = (): number => this.startedAt + this.#elapsedMs;
  readonly elapsedMs = (): number => this.#elapsedMs;

  readonly after = (delayMs: number, run: () => void): () => void => {
    const timer = { atMs: this.#elapsedMs + delayMs, id: ++this.#lastId, run };
    this.#set.add(timer);
    this.#push(timer);
    return () => void this.#set.delete(timer);
  };

  /** Runs the next timer that falls due within this time; false, and the time has passed, when there
   * is none. */
  step(withinMs = Infinity): boolean {
    while (this.#heap.length > 0 && !this.#set.has(this.#heap[0]!)) this.#pop();
    const next = this.#heap[0];
    if (next === undefined || next.atMs > this.#elapsedMs + withinMs) {
      if (Number.isFinite(withinMs)) this.#elapsedMs += withinMs;
      return false;
    }
    this.#pop();
    this.#set.delete(next);
    this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs);
    next.run();
    return true;
  }

  /** Moves on by this much and runs what falls due. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms;
    while (this.#elapsedMs < end && this.step(end - this.#elapsedMs));
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, timer)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const timer = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(timer, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = timer;
  }
}

/** Of two that fall due at once, the one that was set first. */
function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.id < other.id);
}
