/** A clock that stands still until a test moves it, and no timers but its own. */

import type { Clock } from "../../../../core/clock.ts";

/** Time in the hands of a test. */
export class HandClock implements Clock {
  #ms: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(ms = 1_800_000_000_000) {
    this.#ms = ms;
  }

  now(): number {
    return this.#ms;
  }

  elapsedMs(): number {
    return this.#ms;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#ms + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Whether something falls due within this time. */
  due(withinMs: number): boolean {
    return [...this.#timers].some(({ atMs }) => atMs <= this.#ms + withinMs);
  }

  /** Moves on, and runs once what has fallen due. */
  advance(ms: number): void {
    this.#ms += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#ms) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}
