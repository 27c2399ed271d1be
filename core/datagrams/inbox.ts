// A bounded queue between a receiving loop and the session that reads from it.

import { byteLength, type Message } from "../session.ts";

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** Memory for unread messages, which several inboxes share. */
export interface InboxRoom {
  bytes: number;
}

/** Queues messages until they are read. One reader. */
export class Inbox implements AsyncIterator<Message, undefined> {
  readonly #held: Message[] = [];
  readonly #maxMessages: number;
  readonly #room: InboxRoom;
  #wake: ((result: IteratorResult<Message, undefined>) => void) | undefined;
  #ended = false;

  constructor(maxMessages: number, room: InboxRoom) {
    this.#maxMessages = maxMessages;
    this.#room = room;
  }

  /** Whether the reader waits for a message. */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Adds a message; false when there is no room or the inbox has ended. A message that the reader is
   * waiting for takes no room. */
  push(message: Message): boolean {
    if (this.#ended) return false;
    const wake = this.#wake;
    if (wake !== undefined) {
      this.#wake = undefined;
      wake({ done: false, value: message });
      return true;
    }
    const bytes = byteLength(message);
    if (this.#held.length >= this.#maxMessages || bytes > this.#room.bytes) return false;
    this.#room.bytes -= bytes;
    this.#held.push(message);
    return true;
  }

  /** Ends the queue; messages in it can still be read. Returns whether a waiting reader was told. */
  end(): boolean {
    const wake = this.#wake;
    this.#ended = true;
    this.#wake = undefined;
    wake?.(done);
    return wake !== undefined;
  }

  clear(): Message[] {
    for (const message of this.#held) this.#room.bytes += byteLength(message);
    return this.#held.splice(0);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#held.shift();
    if (message !== undefined) {
      this.#room.bytes += byteLength(message);
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }
}
