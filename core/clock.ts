// Time and timers for handshakes and protocols, behind an interface so that a test can advance
// them.

/** Timers, and the time of day. */
export interface Clock {
  /** Wall-clock time, in milliseconds since the epoch. */
  now(): number;
  /** Monotonic time, in milliseconds. */
  elapsedMs(): number;
  /** Calls `run` once after this delay; the function returned cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** Calls `run` once in the next turn of the event loop, which comes sooner than any timer; the
   * function returned cancels it. Absent where time stands still between timers. */
  nextTurn?(run: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  elapsedMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  nextTurn(run) {
    const turn = setImmediate(run);
    return () => clearImmediate(turn);
  },
};

let lastMs = NaN;
let lastText = "";

/** A time in ISO 8601, in UTC and with milliseconds. Those of one millisecond are made once: making
 * one costs more than the rest of an event.
 * @param timeMs milliseconds since the epoch */
export function isoTime(timeMs: number): string {
  if (timeMs !== lastMs) {
    lastText = new Date(timeMs).toISOString();
    lastMs = timeMs;
  }
  return lastText;
}
