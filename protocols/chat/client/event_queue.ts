// A bounded queue of events between a session and the program that iterates them.

/** A queue with one reader. A reader that is too slow is told how many of the oldest it lost. */
export class EventQueue<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #capacity: number;
  readonly #missed: (count: number) => T;
  #events: T[] = [];
  #lost = 0;
  #ended = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** @param missed makes the event that says how many were lost */
  constructor(capacity: number, missed: (count: number) => T) {
    this.#capacity = capacity;
    this.#missed = missed;
  }

  push(event: T): void {
    if (this.#ended) return;
    this.#events.push(event);
    // Many at a time, since removing one from the front of a long array moves all the others.
    if (this.#events.length >= this.#capacity * 2) {
      this.#lost += this.#events.length - this.#capacity;
      this.#events = this.#events.slice(-this.#capacity);
    }
    this.#waiting?.resolve();
  }

  /** Ends the queue; the events in it can still be read. */
  end(): void {
    this.#ended = true;
    this.#waiting?.resolve();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.#lost > 0) {
        const value = this.#missed(this.#lost);
        this.#lost = 0;
        return { done: false, value };
      }
      if (this.#events.length > 0) return { done: false, value: this.#events.shift()! };
      if (this.#ended) return { done: true, value: undefined };
      this.#waiting = Promise.withResolvers();
      await this.#waiting.promise;
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this;
  }
}
