// One timer for all deadlines of an association of the layer reliable.

import type { Clock } from "../../core/clock.ts";

/** Calls back at a deadline that moves. Only an earlier deadline replaces a running timer: one that
 * fires too early makes the association look again, cheaper than a new timer for each packet. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #run: () => void;
  #cancel: (() => void) | undefined;
  #atMs = Infinity;

  /** @param run called at the deadline or before it */
  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** @param atMs as `Clock.elapsedMs` counts; Infinity asks for nothing */
  set(atMs: number): void {
    if (atMs === Infinity) return;
    if (this.#cancel !== undefined) {
      if (this.#atMs <= atMs) return;
      this.#cancel();
    }
    this.#atMs = atMs;
    // A timer that fires a moment too early would have to be set again at once.
    const delayMs = Math.max(0, Math.ceil(atMs - this.#clock.elapsedMs()));
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#cancel = undefined;
      this.#run();
    });
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
