// Measures the steps of a request.

/** Durations in milliseconds. A step that did not happen, such as TLS on http, is left out. */
export interface FetchTiming {
  /** Resolving the host, or the proxy. */
  readonly dnsMs?: number;
  /** Opening the connection, through the proxy if there is one. */
  readonly connectMs?: number;
  /** The handshake of TLS. */
  readonly tlsMs?: number;
  /** From sending the request to the head of the response. */
  readonly firstByteMs?: number;
  /** From the call of `fetchUrl`, with redirects and retries, to the end of the body. */
  readonly totalMs: number;
}

type Step = "dnsMs" | "connectMs" | "tlsMs" | "firstByteMs";

/** Measures one exchange as a part of a request. */
export class Stopwatch {
  readonly #startedMs: number;
  readonly #now: () => number;
  readonly #steps: Partial<Record<Step, number>> = {};
  #endedMs: number | undefined;

  /** @param startedMs when the whole request began, by the same clock */
  constructor(startedMs: number, now: () => number) {
    this.#startedMs = startedMs;
    this.#now = now;
  }

  /** Adds the time that `action` takes to a step. */
  async measure<T>(step: Step, action: () => Promise<T>): Promise<T> {
    const beganMs = this.#now();
    try {
      return await action();
    } finally {
      this.#steps[step] = (this.#steps[step] ?? 0) + this.#now() - beganMs;
    }
  }

  end(): void {
    this.#endedMs ??= this.#now();
  }

  get timing(): FetchTiming {
    const { dnsMs, connectMs, tlsMs, firstByteMs } = this.#steps;
    return {
      ...(dnsMs !== undefined && { dnsMs: rounded(dnsMs) }),
      ...(connectMs !== undefined && { connectMs: rounded(connectMs) }),
      ...(tlsMs !== undefined && { tlsMs: rounded(tlsMs) }),
      ...(firstByteMs !== undefined && { firstByteMs: rounded(firstByteMs) }),
      totalMs: rounded((this.#endedMs ?? this.#now()) - this.#startedMs),
    };
  }
}

/** Rounds to microseconds: clocks are no finer. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
