// The deadline of an operation: aborts when the time is up or when the caller aborts.

/** Combines a timeout with the caller's AbortSignal. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #maxTimeMs: number;
  readonly #late = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxTimeMs: number, signal: AbortSignal | undefined) {
    this.#maxTimeMs = maxTimeMs;
    if (Number.isFinite(maxTimeMs)) {
      this.#timer = setTimeout(() => this.#late.abort(), maxTimeMs);
    }
    this.signal = signal === undefined
      ? this.#late.signal
      : AbortSignal.any([signal, this.#late.signal]);
  }

  /** The error to report: the timeout, the reason of a caller that aborted, or the given error. */
  explain(what: string, error: unknown): unknown {
    if (!this.#late.signal.aborted) return this.signal.aborted ? this.signal.reason : error;
    return new DOMException(`${what}: not done within ${this.#maxTimeMs} ms`, "TimeoutError");
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
