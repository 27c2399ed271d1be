// A response body that the server can end properly, as a shutdown does with event streams: if they
// were cut off, the browser would report an error.

/** A stream that ends with its source, or when `end` is called. */
export interface EndableBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  end(): void;
  /** Bytes that were read of it. */
  readonly bytes: number;
  /** Whether a part was taken and no further one is asked for: its client is still to read it. */
  readonly isWaiting: boolean;
}

/** Wraps a body. Ending it cancels the source.
 * @param over called once, when nothing more is read of it
 * @param passed called with each part that is read */
export function endableBody(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  over: () => void,
  passed?: (part: Uint8Array) => void,
): EndableBody {
  const reader = source.getReader();
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  let ended = false;
  let bytes = 0;
  let isWaiting = false;
  function end(): void {
    if (ended) return;
    ended = true;
    controller?.close();
    over();
    reader.cancel("shutdown").catch(() => {});
  }
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(own) {
      controller = own;
    },
    async pull(own) {
      isWaiting = false;
      const { value, done } = await reader.read().catch((error) => {
        ended = true;
        over();
        throw error;
      });
      if (ended) return;
      if (done) end();
      else {
        bytes += value.length;
        passed?.(value);
        isWaiting = true;
        own.enqueue(value);
      }
    },
    cancel(reason) {
      ended = true;
      over();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  return {
    stream,
    end,
    get bytes() {
      return bytes;
    },
    get isWaiting() {
      return isWaiting;
    },
  };
}
