// Buffers through which files are sent, shared by all connections. A buffer is taken only for as long
// as its client takes what is in it. Clients that all stall at once may still hold many, so that
// beyond a number they are small.

const BUFFER_BYTES = 256 * 1024;
const SMALL_BUFFER_BYTES = 16 * 1024;
/** The most of the large ones that are in use. */
const MAX_TAKEN = 16;
/** The most that stand by. */
const MAX_FREE = 8;

const free: Uint8Array[] = [];
let taken = 0;

export function take(): Uint8Array {
  if (taken >= MAX_TAKEN) return new Uint8Array(SMALL_BUFFER_BYTES);
  taken++;
  return free.pop() ?? new Uint8Array(BUFFER_BYTES);
}

/** Takes a buffer back. */
export function give(buffer: Uint8Array): void {
  if (buffer.length !== BUFFER_BYTES) return;
  taken--;
  if (free.length < MAX_FREE) free.push(buffer);
}
