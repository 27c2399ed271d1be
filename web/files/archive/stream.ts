// The body that sends an archive. The client may be slow, stop reading or leave.

import { PIECE_BYTES } from "./member.ts";

interface ArchiveStreamOptions {
  /** Time for which a client may read nothing; then the stream fails and its file is closed. */
  readonly stallTimeoutMs: number;
  /** Called once, however the stream ends. */
  onEnd(): void;
}

/** A stream that makes the archive as it is read, and closes the open file when it is cancelled. */
export function archiveStream(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  { stallTimeoutMs, onEnd }: ArchiveStreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = inLargePieces(pieces);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  async function end(): Promise<void> {
    clearTimeout(timer);
    if (ended) return;
    ended = true;
    try {
      // A generator that never began does not run its finally, so the inner one is ended too.
      await source.return();
      await pieces.return();
    } finally {
      onEnd();
    }
  }

  function watch(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): void {
    timer = setTimeout(() => {
      controller.error(new DOMException("Nobody took the archive", "TimeoutError"));
      end().catch(() => {});
    }, stallTimeoutMs);
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: watch,
    async pull(controller) {
      clearTimeout(timer);
      try {
        const { value } = await source.next();
        if (ended) return;
        if (value) {
          controller.enqueue(value);
          watch(controller);
        } else {
          controller.close();
          await end();
        }
      } catch (error) {
        await end();
        throw error;
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}

/** Joins headers and small files into larger pieces, because each piece sent costs a write. */
async function* inLargePieces(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  let gathered = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for await (const piece of pieces) {
    if (filled > 0 && filled + piece.length > PIECE_BYTES) {
      yield gathered.subarray(0, filled);
      // The stream owns the bytes that were just yielded.
      gathered = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
    if (filled === 0 && piece.length >= PIECE_BYTES / 2) {
      yield piece;
      continue;
    }
    gathered.set(piece, filled);
    filled += piece.length;
  }
  if (filled > 0) yield gathered.subarray(0, filled);
}
