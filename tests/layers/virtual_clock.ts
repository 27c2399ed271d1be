/** A clock for layers that a test moves on. */

import type { Clock } from "../../core/clock.ts";

/** Time that stands still until something moves it. Its methods may be passed on alone. */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #lastId = 0;
  readonly #timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  /** The time of day when the clock starts. */
  readonly startedAt: number;

  constructor(startedAt: number = Date.now()) {
    this.startedAt = startedAt;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  readonly now = (): number => this.startedAt + this.#elapsedMs;
  readonly elapsedMs = (): number => this.#elapsedMs;

  readonly after = (delayMs: number, run: () => void): () => void => {
    const id = ++this.#lastId;
    this.#timers.set(id, { atMs: this.#elapsedMs + delayMs, run });
    return () => void this.#timers.delete(id);
  };

  /** Runs the next timer that falls due within this time; false, and the time has passed, when there
   * is none. */
  step(withinMs = Infinity): boolean {
    let next: [id: number, timer: { readonly atMs: number; readonly run: () => void }] | undefined;
    for (const entry of this.#timers) {
      if (next === undefined || entry[1].atMs < next[1].atMs) next = entry;
    }
    if (next === undefined || next[1].atMs > this.#elapsedMs + withinMs) {
      if (Number.isFinite(withinMs)) this.#elapsedMs += withinMs;
      return false;
    }
    this.#timers.delete(next[0]);
    this.#elapsedMs = Math.max(this.#elapsedMs, next[1].atMs);
    next[1].run();
    return true;
  }

  /** Moves on by this much and runs what falls due. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms;
    while (this.#elapsedMs < end && this.step(end - this.#elapsedMs));
  }
}
