// Waiting, and bodies that are sent over time. Both end when the server stops or the client leaves,
// and hold only a timer meanwhile, so that any number of them does not slow down other requests.

/** Resolves to true after this time, or to false as soon as one of the signals is aborted. */
export function wait(ms: number, ...signals: readonly AbortSignal[]): Promise<boolean> {
  if (signals.some((signal) => signal.aborted)) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const done = (whole: boolean) => {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", stop);
    resolve(whole);
  };
  const stop = () => done(false);
  const timer = setTimeout(() => done(true), ms);
  for (const signal of signals) signal.addEventListener("abort", stop, { once: true });
  return promise;
}

/** A piece of a body, never empty, and how long after it the next one comes. */
export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly thenMs: number;
}

/** The end of an incomplete body when the server stops: an event stream ends normally; a body with
 * a length or a last piece is aborted, so that the client does not take it for complete. */
type WhenStopped = "end" | "break";

/** A body whose pieces are sent at intervals. No piece is made before it is read. */
export function pacedBody(
  pieces: Iterable<Piece>,
  stopping: AbortSignal,
  whenStopped: WhenStopped = "break",
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = pieces[Symbol.iterator]();
  const left = new AbortController();
  let thenMs = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (stopping.aborted || (thenMs > 0 && !(await wait(thenMs, stopping, left.signal)))) {
        if (left.signal.aborted) return;
        if (whenStopped === "end") controller.close();
        else controller.error(new Error("the server is stopping"));
        return;
      }
      const next = iterator.next();
      if (next.done === true) {
        controller.close();
      } else {
        thenMs = next.value.thenMs;
        controller.enqueue(next.value.bytes);
      }
    },
    cancel() {
      left.abort();
    },
  }, { highWaterMark: 0 });
  paced.add(body);
  return body;
}

const paced = new WeakSet<ReadableStream>();

/** Whether a body is a paced one, which should not be read only to be thrown away. */
export function isPaced(body: ReadableStream): boolean {
  return paced.has(body);
}
