// Which of a sender's datagrams were there before: a sliding window over its counter (RFC 6479).

/** How far behind its sender's newest a datagram may be. At 100,000 a second this is 20 ms of
 * reordering. */
export const WINDOW = 2048;

const WORD_BITS = 32;
/** One more than the window fills, so that the word of the newest can be filled bit by bit. */
const WORDS = WINDOW / WORD_BITS + 1;

/** Remembers counters. Those below the window count as seen. */
export class ReplayWindow {
  #top = -1;
  readonly #words = new Uint32Array(WORDS);

  has(counter: number): boolean {
    if (counter > this.#top) return false;
    if (this.#top - counter >= WINDOW) return true;
    return (this.#words[wordOf(counter) % WORDS]! >>> (counter % WORD_BITS) & 1) === 1;
  }

  /** Only for a datagram that was authentic: a forged counter could move the window on. */
  add(counter: number): void {
    const word = wordOf(counter);
    if (counter > this.#top) {
      const first = this.#top < 0 ? word : wordOf(this.#top) + 1;
      if (word - first >= WORDS) this.#words.fill(0);
      else for (let one = first; one <= word; one++) this.#words[one % WORDS] = 0;
      this.#top = counter;
    }
    this.#words[word % WORDS]! |= 1 << (counter % WORD_BITS);
  }
}

function wordOf(counter: number): number {
  return Math.floor(counter / WORD_BITS);
}
