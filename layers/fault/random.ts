// Random numbers that a seed repeats (the generator mulberry32). They can be predicted, so nothing
// secret may be made of them.

/** Numbers at least 0 and below 1.
 * @param seed a whole number from 0 to 2^32 - 1
 * @param stream which of the independent sequences of that seed: each direction of each connection
 *   has its own, so that what happens in one never shifts the decisions in another */
export function seededRandom(seed: number, stream: number): () => number {
  // Neighbouring seeds and streams would otherwise begin with similar numbers.
  let state = mixed(mixed(seed) ^ Math.imul(stream + 1, 0x9e3779b1));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Spreads every bit over the whole word. */
function mixed(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return word ^ (word >>> 15);
}
