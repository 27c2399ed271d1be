// A bounded queue between a receiving loop and the session that reads from it.

import type { Message } from "./session.ts";

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Holds messages until they are asked for. One reader. */
export class Inbox implements AsyncIterator<Message, undefined> {
  readonly #held: Message[] = [];
  readonly #maxMessages: number;
  #wake: ((result: IteratorResult<Message, undefined>) => void) | undefined;
  #ended = false;

  constructor(maxMessages: number) {
    this.#maxMessages = maxMessages;
  }

  /** How many messages wait. */
  get length(): number {
    return this.#held.length;
  }

  /** Whether a message pushed now would be taken at once. */
  get awaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Adds a message; false when there is no room or the inbox has ended. */
  push(message: Message): boolean {
    if (this.#ended || this.#held.length >= this.#maxMessages) return false;
    const wake = this.#wake;
    if (wake === undefined) {
      this.#held.push(message);
    } else {
      this.#wake = undefined;
      wake({ done: false, value: message });
    }
    return true;
  }

  /** Nothing more will come; what is held can still be read. */
  end(): void {
    this.#ended = true;
    this.#wake?.(done);
    this.#wake = undefined;
  }

  /** Throws away what is held and returns it. */
  clear(): Message[] {
    return this.#held.splice(0);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#held.shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }
}
