// A delay line: holds each datagram of a slowed network until the time at which it arrives, in a
// heap with one timer for all of them.

import type { Clock } from "../../core/clock.ts";
import { callAt } from "./punctual.ts";

interface Waiting<T> {
  readonly dueMs: number;
  /** The order of arrival, which decides between items that are due together. */
  readonly order: number;
  readonly item: T;
}

/** Hands every item over once its time has come, earliest first. */
export class DelayLine<T> implements Disposable {
  readonly #clock: Clock;
  readonly #deliver: (item: T) => void;
  /** A heap: each is due no earlier than the one at half its place. */
  readonly #heap: Waiting<T>[] = [];
  #pushed = 0;
  #latestMs = -Infinity;
  #timerDueMs = Infinity;
  #stopTimer: (() => void) | undefined;

  constructor(clock: Clock, deliver: (item: T) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** When the last item that was ever pushed is due; -Infinity before the first. */
  get latestMs(): number {
    return this.#latestMs;
  }

  /** @param dueMs by the clock's `elapsedMs` */
  push(dueMs: number, item: T): void {
    this.#latestMs = Math.max(this.#latestMs, dueMs);
    const heap = this.#heap;
    const waiting = { dueMs, order: this.#pushed++, item };
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(waiting, heap[above]!)) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = waiting;
    this.#setTimer();
  }

  /** Gives everything that waits a new time, which is never later than its old one, in the order in
   * which it would have come. */
  hasten(dueMsOf: (item: T) => number): void {
    const waiting = this.#heap.slice().sort((one, other) => isBefore(one, other) ? -1 : 1);
    this.clear();
    this.#latestMs = -Infinity;
    for (const { dueMs, item } of waiting) this.push(Math.min(dueMs, dueMsOf(item)), item);
  }

  /** Forgets all that waits and returns it. */
  clear(): T[] {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#timerDueMs = Infinity;
    return this.#heap.splice(0).map(({ item }) => item);
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #setTimer(): void {
    const dueMs = this.#heap[0]?.dueMs;
    if (dueMs === undefined || dueMs >= this.#timerDueMs) return;
    this.#stopTimer?.();
    this.#timerDueMs = dueMs;
    this.#stopTimer = callAt(this.#clock, dueMs, () => this.#run());
  }

  #run(): void {
    this.#stopTimer = undefined;
    this.#timerDueMs = Infinity;
    const nowMs = this.#clock.elapsedMs();
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= nowMs;) {
      this.#removeFirst();
      this.#deliver(next.item);
      next = this.#heap[0];
    }
    this.#setTimer();
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, last)) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
  }
}

function isBefore<T>(one: Waiting<T>, other: Waiting<T>): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
