// Small byte arrays by the many. V8 puts the bytes of an array of more than 64 outside of its heap,
// which takes it longer than filling them: cutting small arrays from a larger one saves a third of
// what a WebSocket message costs.

/** Makes arrays of zeros, of which no two ever share bytes; those up to `largestCutBytes` are cut from
 * blocks of `blockBytes`, larger ones made by themselves, so that keeping one keeps little else. */
export function byteCutter(
  blockBytes: number,
  largestCutBytes: number,
): (length: number) => Uint8Array {
  let block = new Uint8Array(blockBytes);
  let used = 0;
  return (length) => {
    if (length > largestCutBytes) return new Uint8Array(length);
    if (used + length > blockBytes) {
      block = new Uint8Array(blockBytes);
      used = 0;
    }
    const start = used;
    used += length;
    return block.subarray(start, used);
  };
}

/** An array of zeros, for a message that may be kept. */
export const smallBytes: (length: number) => Uint8Array = byteCutter(16 * 1024, 1024);
