// Detection of idle peers: one timer for a whole server instead of one for each session.

/** A session or connection that records its activity. */
export interface Sweepable {
  /** Set to true by any activity. */
  active: boolean;
}

/** Checks of a session within its idle time, so it ends after between 1 and 1.25 times that time. */
const LOOKS = 4;

/** A longer delay overflows, and the timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Watches members and calls `expire` for each that was inactive for `timeoutMs`. */
export class IdleSweep<Member extends Sweepable> implements Disposable {
  readonly #quietLooks = new Map<Member, number>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(timeoutMs: number, expire: (member: Member) => void) {
    if (!Number.isFinite(timeoutMs)) return;
    this.#timer = setInterval(() => {
      for (const [member, quiet] of this.#quietLooks) {
        if (member.active) {
          member.active = false;
          if (quiet !== 0) this.#quietLooks.set(member, 0);
        } else if (quiet + 1 >= LOOKS) {
          this.#quietLooks.delete(member);
          expire(member);
        } else {
          this.#quietLooks.set(member, quiet + 1);
        }
      }
    }, Math.min(Math.max(1, timeoutMs / LOOKS), LONGEST_TIMER_MS));
  }

  add(member: Member): void {
    if (this.#timer !== undefined) this.#quietLooks.set(member, 0);
  }

  delete(member: Member): void {
    this.#quietLooks.delete(member);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#quietLooks.clear();
  }
}
