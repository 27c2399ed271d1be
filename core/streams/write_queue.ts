// Serializes the writes of several tasks on one connection. A write that the system takes only in
// part must be completed before the next.

import type { Connection } from "../connection.ts";

/** Limit of a batch: waiting writes are sent together, up to this many bytes. */
const BATCH_BYTES = 64 * 1024;

interface Waiting {
  readonly bytes: Uint8Array;
  readonly written: PromiseWithResolvers<void>;
}

export class WriteQueue {
  readonly #connection: Connection;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether a write is pending, as with a peer that does not read. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Resolves once the system has taken the bytes; rejects when the connection is gone. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#busy) {
      const written = Promise.withResolvers<void>();
      this.#waiting.push({ bytes, written });
      return await written.promise;
    }
    this.#busy = true;
    try {
      await this.#connection.write(bytes);
    } finally {
      if (this.#waiting.length === 0) this.#busy = false;
      else void this.#flush();
    }
  }

  /** Writes the queue. A failure rejects the waiting writes; this promise never rejects. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#connection.write(joined(batch));
        for (const { written } of batch) written.resolve();
      } catch (error) {
        for (const { written } of [...batch, ...this.#waiting.splice(0)]) written.reject(error);
      }
    }
    this.#busy = false;
  }

  #takeBatch(): Waiting[] {
    let count = 0;
    for (let bytes = 0; count < this.#waiting.length; count++) {
      bytes += this.#waiting[count]!.bytes.length;
      if (count > 0 && bytes > BATCH_BYTES) break;
    }
    return this.#waiting.splice(0, count);
  }
}

function joined(batch: readonly Waiting[]): Uint8Array {
  if (batch.length === 1) return batch[0]!.bytes;
  const whole = new Uint8Array(batch.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let offset = 0;
  for (const { bytes } of batch) {
    whole.set(bytes, offset);
    offset += bytes.length;
  }
  return whole;
}
