// Questions to a Worker and their answers, matched by number.

/** An answer: what was asked for, or what went wrong. */
type Answer = readonly [number: number, value: unknown, failure?: string];

/** A Worker that answers. One that dies fails whatever waits for it, and whatever comes later. */
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
      // Otherwise it ends this thread too.
      event.preventDefault();
      this.stop(`its worker died: ${event.message}`);
    };
  }

  /** Whether it has died or was stopped. */
  get stopped(): boolean {
    return this.#failure !== undefined;
  }

  /** Asks; resolves with the answer.
   *
   * @throws {Error} with what went wrong over there, or why there is nobody there */
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

  /** Ends it at once; what still waits fails for this reason. */
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
