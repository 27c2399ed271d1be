// The body of a response between node:http and its reader. When a connection ends early, node:http
// discards unread data; this buffer keeps it, and the error can tell how much is missing.

import type { IncomingMessage } from "node:http";
import type { Connection } from "../../core/connection.ts";

/** Unread bytes above which reading from the connection pauses. */
const MAX_WAITING_BYTES = 256 * 1024;

export class HttpBody {
  readonly #parts: Uint8Array[] = [];
  #waitingBytes = 0;
  #message: IncomingMessage | undefined;
  #gated = false;
  #ended = false;
  #error: Error | undefined;
  /** Resolves when a part arrives, or the body ends. */
  #news = Promise.withResolvers<void>();
  /** Resolves when a part was read. */
  #room = Promise.withResolvers<void>();

  /** Takes ownership of a message whose head has just arrived. */
  receive(message: IncomingMessage): void {
    this.#message = message;
    message.on("data", (part: Uint8Array) => {
      this.#parts.push(part);
      this.#waitingBytes += part.length;
      // Without a connection to gate, the message pauses, though node:http may lose data in it.
      if (!this.#gated && this.#waitingBytes > MAX_WAITING_BYTES) message.pause();
      this.#tell();
    });
    message.on("end", () => this.#end());
    message.on("error", (error: Error) => this.#end(error));
    message.on("close", () => this.#end(new Error("aborted")));
  }

  /** Wraps the connection so that it is not read while enough data waits. */
  gate(connection: Connection): Connection {
    this.#gated = true;
    return {
      get local() {
        return connection.local;
      },
      get remote() {
        return connection.remote;
      },
      read: async (into) => {
        while (this.#waitingBytes > MAX_WAITING_BYTES) await this.#room.promise;
        return await connection.read(into);
      },
      write: (all) => connection.write(all),
      closeWrite: () => connection.closeWrite(),
      [Symbol.dispose]: () => connection[Symbol.dispose](),
    };
  }

  /** Ends it with an error, unless it has ended. */
  fail(error: Error): void {
    this.#end(error);
  }

  /** Yields all received data, then throws the error if there was one. To be iterated once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let part = this.#parts.shift(); part !== undefined; part = this.#parts.shift()) {
        this.#waitingBytes -= part.length;
        this.#room.resolve();
        this.#room = Promise.withResolvers();
        if (!this.#gated) this.#message?.resume();
        yield part;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await this.#news.promise;
    }
  }

  #end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
