/**
 * Time that stands still until a test moves it on. Timers and `performance.now` of the whole
 * process follow it while it is installed, so nothing else may run meanwhile.
 */

interface Timer {
  at: number;
  readonly everyMs: number | null;
  readonly run: () => void;
}

/** Replaces the timers until it is disposed of. */
export class FakeTime implements Disposable {
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    now: performance.now,
  };
  readonly #timers = new Map<number, Timer>();
  #now = 1_000_000;
  #lastId = 0;

  constructor() {
    const start = (everyMs: (delayMs: number) => number | null) =>
    (
      run: (...args: unknown[]) => void,
      delayMs = 0,
      ...args: unknown[]
    ): number => {
      const id = ++this.#lastId;
      this.#timers.set(id, {
        at: this.#now + delayMs,
        everyMs: everyMs(delayMs),
        run: () => run(...args),
      });
      return id;
    };
    const stop = (id?: unknown) => void this.#timers.delete(id as number);
    Object.assign(globalThis, {
      setTimeout: start(() => null),
      clearTimeout: stop,
      setInterval: start((delayMs) => Math.max(1, delayMs)),
      clearInterval: stop,
    });
    performance.now = () => this.#now;
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on by this much, runs what falls due in its order, and lets what that set off settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end);
      const next = due.sort(([, one], [, other]) => one.at - other.at)[0];
      if (next === undefined) break;
      const [id, timer] = next;
      this.#now = Math.max(this.#now, timer.at);
      if (timer.everyMs === null) this.#timers.delete(id);
      else timer.at += timer.everyMs;
      timer.run();
      await settled();
    }
    this.#now = end;
  }

  /** Waits, in real time, for what sockets bring about; `ms`, where given, is how far to move on
   * before each look. */
  async until(isSo: () => boolean, ms = 0): Promise<void> {
    while (!isSo()) {
      if (ms > 0) await this.advance(ms);
      await this.#turn();
    }
  }

  /** Lets what lies in the buffers of sockets reach its readers. */
  async delivered(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.#turn();
  }

  /** A turn of the event loop, which looks at every socket. */
  #turn(): Promise<void> {
    const { setTimeout } = this.#real;
    return new Promise((resolve) => setTimeout(resolve, 1));
  }

  [Symbol.dispose](): void {
    const { now, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    performance.now = now;
  }
}

/** Lets everything that waits for nothing but promises run to its end. */
export async function settled(): Promise<void> {
  // Longer than any chain of promises here; only a timer or a socket takes more turns.
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}
