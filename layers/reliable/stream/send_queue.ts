// The queue of messages that wait for room in the send buffer of an association, in their order.

import { MESSAGE_HEADER_BYTES, type SendBuffer } from "./send_buffer.ts";

const MAX_WAITING = 4096;

interface WaitingMessage {
  readonly bytes: Uint8Array;
  /** How much of it is in the buffer; -1 before its header is. */
  written: number;
  readonly done: PromiseWithResolvers<void>;
}

/** Fills a send buffer as it empties. */
export class SendQueue {
  readonly #buffer: SendBuffer;
  readonly #waiting: WaitingMessage[] = [];

  constructor(buffer: SendBuffer) {
    this.#buffer = buffer;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING;
  }

  /** Takes a message and resolves once it is in the buffer; its bytes must not change before. */
  add(bytes: Uint8Array): Promise<void> {
    const buffer = this.#buffer;
    if (this.isEmpty && buffer.roomBytes >= MESSAGE_HEADER_BYTES + bytes.length) {
      buffer.begin(bytes.length);
      buffer.write(bytes);
      return Promise.resolve();
    }
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, written: -1, done });
    this.fill();
    return done.promise;
  }

  /** Writes as much as there is room for. */
  fill(): void {
    const buffer = this.#buffer;
    while (this.#waiting.length > 0) {
      const message = this.#waiting[0]!;
      if (message.written < 0) {
        if (buffer.roomBytes < MESSAGE_HEADER_BYTES) return;
        buffer.begin(message.bytes.length);
        message.written = 0;
      }
      message.written += buffer.write(message.bytes.subarray(message.written));
      if (message.written < message.bytes.length) return;
      this.#waiting.shift();
      message.done.resolve();
    }
  }

  /** None of those that wait will ever be sent. */
  reject(error: Error): void {
    for (const { done } of this.#waiting.splice(0)) done.reject(error);
  }
}
