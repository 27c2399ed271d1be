// A token bucket: it limits how often something happens to a rate, and allows bursts.

/** Tokens that are added at a rate and spent; there are never more than the burst. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.#perMs = ratePerSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Spends tokens; false, and spends none, where there are not enough. */
  take(nowMs: number, tokens = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    if (this.#tokens < Math.min(tokens, this.#burst)) return false;
    this.#tokens -= Math.min(tokens, this.#burst);
    return true;
  }
}
