// A table of the Fernet tokens that were accepted and are young enough to be replayed.

/** A bounded table. A token leaves it only when it has become too old to be believed. */
export class TokenTable {
  readonly #bySecond = new Map<number, Set<string>>();
  readonly #maxTokens: number;
  readonly #lifetimeSeconds: number;
  #notBefore: number;
  #size = 0;
  #searched = -Infinity;

  /** @param notBefore in seconds since the epoch: nothing older is to be believed from the beginning */
  constructor(maxTokens: number, lifetimeSeconds: number, notBefore: number) {
    this.#maxTokens = maxTokens;
    this.#lifetimeSeconds = lifetimeSeconds;
    this.#notBefore = notBefore;
  }

  /** Nothing older than this may be believed: it could have come before. Without this a clock that is
   * set back would let old tokens in again. */
  get notBefore(): number {
    return this.#notBefore;
  }

  has(seconds: number, mac: string): boolean {
    return this.#bySecond.get(seconds)?.has(mac) ?? false;
  }

  /** Whether one more can be added; makes room first where that is possible. */
  hasRoom(now: number): boolean {
    if (now !== this.#searched) {
      this.#searched = now;
      for (const [seconds, tokens] of this.#bySecond) {
        if (seconds + this.#lifetimeSeconds >= now) continue;
        this.#bySecond.delete(seconds);
        this.#size -= tokens.size;
        this.#notBefore = Math.max(this.#notBefore, seconds + 1);
      }
    }
    return this.#size < this.#maxTokens;
  }

  /** Adds one that is not there yet. */
  add(seconds: number, mac: string): void {
    const tokens = this.#bySecond.get(seconds);
    if (tokens === undefined) this.#bySecond.set(seconds, new Set([mac]));
    else tokens.add(mac);
    this.#size++;
  }
}
