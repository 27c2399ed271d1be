// Deadlines of the connections of one server: one timer looks at all of them, because a timer for
// each request would cost more than most answers.

/** What a connection waits for, of which each has its limit:
 * - `head`: its first request, as a whole
 * - `rest`: its next one
 * - `write`: that the client reads any of an answer
 * - `linger`: that the client stops sending what is not read
 * - `none`: nothing of the client's */
export type Phase = "head" | "rest" | "write" | "linger" | "none";

/** A connection under deadlines. */
export interface Timed {
  phase: Phase;
  /** Set when the phase begins, and whenever the client does what is waited for. */
  moved: boolean;
  /** When `moved` was seen last; for the deadlines alone. */
  sinceMs: number;
  expire(phase: Phase): void;
}

/** Looks within the shortest limit, so that a connection has up to a quarter of that more. */
const LOOKS = 4;

/** A longer delay overflows, and the timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Deadlines implements Disposable {
  readonly #limitsMs: Readonly<Record<Phase, number>>;
  readonly #timed = new Set<Timed>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(limitsMs: Readonly<Record<Exclude<Phase, "none">, number>>) {
    this.#limitsMs = { ...limitsMs, none: Infinity };
    const shortestMs = Math.min(...Object.values(limitsMs));
    if (!Number.isFinite(shortestMs)) return;
    const delayMs = Math.min(Math.max(1, shortestMs / LOOKS), LONGEST_TIMER_MS);
    this.#timer = setInterval(() => this.#look(), delayMs);
  }

  add(timed: Timed): void {
    this.#timed.add(timed);
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    for (const timed of this.#timed) {
      const { phase } = timed;
      if (phase === "none") continue;
      if (timed.moved) {
        timed.moved = false;
        timed.sinceMs = nowMs;
      } else if (nowMs - timed.sinceMs >= this.#limitsMs[phase]) {
        timed.phase = "none";
        timed.expire(phase);
      }
    }
  }
}
