// Calls of a Worker: requests and their answers, matched by number.

/** An answer: the value that was asked for, or the text of an error. */
type Answer = readonly [number: number, value: unknown, failure?: string];

/** A Worker that answers requests. When it dies, those that wait or come later are rejected. */
export class WorkerCalls<Request> implements Disposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastNumber = 0;
  #failure: Error | undefined;

  constructor(module: URL) {
    this.#worker = new Worker(module, { type: "module" });
    this.#worker.onmessage = ({ data: [number, value, failure] }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (failure === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(failure));
    };
    this.#worker.onerror = (event) => {
      // Without it the error would end this thread too.
      event.preventDefault();
      this.stop(`its worker died: ${event.message}`);
    };
  }

  /** Whether it has died or was stopped. */
  get stopped(): boolean {
    return this.#failure !== undefined;
  }

  /** Sends a request; resolves with the answer.
   * @throws {Error} what went wrong in the Worker, or why there is none */
  ask<T>(request: Request): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const waiting = Promise.withResolvers<unknown>();
    const number = ++this.#lastNumber;
    try {
      this.#worker.postMessage([number, request]);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#waiting.set(number, waiting);
    return waiting.promise as Promise<T>;
  }

  /** Terminates the Worker at once; requests that wait are rejected for this reason. */
  stop(why: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new Error(why);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.stop("it was closed");
  }
}
