// The body that sends an archive. The client may be slow, stop reading or leave.

import type { TransferSlot } from "../../../core/files/transfer_slots.ts";
import { PIECE_BYTES } from "./member.ts";

interface ArchiveStreamOptions {
  /** Time for which a client may read nothing; then the stream fails and its file is closed. */
  readonly stallTimeoutMs: number;
  /** Told of what the client takes, and freed however the stream ends. */
  readonly slot: TransferSlot;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** A stream that makes the archive as it is read, and closes the open file when it is cancelled. */
export function archiveStream(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>, void>,
  { stallTimeoutMs, slot, signal }: ArchiveStreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const source = inLargePieces(pieces);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  async function end(): Promise<void> {
    clearTimeout(timer);
    if (ended) return;
    ended = true;
    slot[Symbol.dispose]();
    // A generator that never began does not run its finally, so the inner one is ended too.
    await source.return();
    await pieces.return();
  }

  type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

  function giveUp(controller: Controller, reason: unknown): void {
    controller.error(reason);
    end().catch(() => {});
  }

  function watch(controller: Controller): void {
    timer = setTimeout(() => {
      giveUp(controller, new DOMException("Nobody took the archive", "TimeoutError"));
    }, stallTimeoutMs);
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      signal.addEventListener("abort", () => {
        if (!ended) giveUp(controller, signal.reason);
      });
      watch(controller);
    },
    async pull(controller) {
      clearTimeout(timer);
      try {
        const { value } = await source.next();
        if (ended) return;
        if (value) {
          controller.enqueue(value);
          slot.progress(value.length);
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
