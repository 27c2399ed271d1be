// Which records were there before (RFC 6347 4.1.2.6).

/** How far back a late record may come; the RFC asks for 32 at least and advises 64. */
export const REPLAY_WINDOW_RECORDS = 128;

/** Remembers the sequence numbers of one epoch. Numbers below the window count as seen. */
export class ReplayWindow {
  #top = -1;
  readonly #seen = new Uint8Array(REPLAY_WINDOW_RECORDS);

  has(sequence: number): boolean {
    if (sequence > this.#top) return false;
    if (this.#top - sequence >= REPLAY_WINDOW_RECORDS) return true;
    return this.#seen[sequence % REPLAY_WINDOW_RECORDS] === 1;
  }

  /** Only for a record that was authentic: a forged number could move the window on. */
  add(sequence: number): void {
    if (sequence > this.#top) {
      const skipped = sequence - this.#top - 1;
      if (skipped >= REPLAY_WINDOW_RECORDS) this.#seen.fill(0);
      else {
        for (let one = this.#top + 1; one < sequence; one++) {
          this.#seen[one % REPLAY_WINDOW_RECORDS] = 0;
        }
      }
      this.#top = sequence;
    }
    this.#seen[sequence % REPLAY_WINDOW_RECORDS] = 1;
  }
}
