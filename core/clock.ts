// Time and timers for handshakes and protocols, behind an interface so that a test can advance
// them.

/** Timers, and the time of day. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only ever grow. */
  elapsedMs(): number;
  /** Calls `run` once after this long; what it returns calls that off. */
  after(delayMs: number, run: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  elapsedMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};
