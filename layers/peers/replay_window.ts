// A replay window: it recognises datagrams of a sender that have arrived before, by a sliding window
// over the sender's counter (RFC 6479; RFC 6347 4.1.2.6 for DTLS).

const WORD_BITS = 32;

/** How far behind its sender's newest a datagram may be unless told otherwise. At 100,000 a second
 * this is 20 ms of reordering. */
export const DEFAULT_WINDOW = 2048;

/** Remembers counters up to 2^53. Those below the window count as seen. */
export class ReplayWindow {
  readonly #size: number;
  readonly #words: Uint32Array;
  #top = -1;

  /** @param size how many counters it tells apart, a multiple of 32 */
  constructor(size: number = DEFAULT_WINDOW) {
    this.#size = size;
    // One more than the window fills, so that the word of the newest can be filled bit by bit.
    this.#words = new Uint32Array(size / WORD_BITS + 1);
  }

  has(counter: number): boolean {
    if (counter > this.#top) return false;
    if (this.#top - counter >= this.#size) return true;
    const word = this.#words[wordOf(counter) % this.#words.length]!;
    return (word >>> (counter % WORD_BITS) & 1) === 1;
  }

  /** Only for a datagram that was authentic: a forged counter could move the window on. */
  add(counter: number): void {
    const words = this.#words;
    const word = wordOf(counter);
    if (counter > this.#top) {
      const first = this.#top < 0 ? word : wordOf(this.#top) + 1;
      if (word - first >= words.length) words.fill(0);
      else for (let one = first; one <= word; one++) words[one % words.length] = 0;
      this.#top = counter;
    }
    words[word % words.length]! |= 1 << (counter % WORD_BITS);
  }
}

function wordOf(counter: number): number {
  return Math.floor(counter / WORD_BITS);
}
