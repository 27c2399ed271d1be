// Calling something at a time to a fraction of a millisecond: the system's timers know whole
// milliseconds only, and run a call up to 1.2 ms after the one that they were given.

import type { Clock } from "../../core/clock.ts";

/** How much later than asked for a timer is expected to run its call, less half a millisecond: so the
 * call comes within half a millisecond of its time, on either side. */
const TIMER_LATE_MS = 0.6;

/** The shortest time for which a timer is set; it would run its call too late. The event loop turns
 * instead, and reads the clock each time. */
const SHORTEST_TIMER_MS = 2.1;

/** The longest time for which a timer can be set: a longer one runs its call at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `run` once the clock has reached a time: never before, and as soon after it as a turn of the
 * event loop allows; not before it returns. The function returned cancels it. */
export function callAt(clock: Clock, dueMs: number, run: () => void): () => void {
  let stop: () => void;
  const wait = (restMs: number) => {
    const { nextTurn } = clock;
    // A clock without turns stands still between its timers, which know any fraction.
    if (nextTurn === undefined) stop = clock.after(Math.max(0, restMs), look);
    else if (restMs < SHORTEST_TIMER_MS) stop = nextTurn(look);
    else stop = clock.after(Math.min(Math.floor(restMs - TIMER_LATE_MS), LONGEST_TIMER_MS), look);
  };
  const look = () => {
    const restMs = dueMs - clock.elapsedMs();
    if (restMs <= 0) run();
    else wait(restMs);
  };
  wait(dueMs - clock.elapsedMs());
  return () => stop();
}
