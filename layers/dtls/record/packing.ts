// Records on their way to one peer: those that wait for the one before them may leave in one datagram
// (RFC 6347 4.1.1), which costs the system one call instead of one for each. Only where that is asked
// for, because programs over GnuTLS that wait for the socket, as gnutls-cli, leave what comes after the
// first two records unread until the next datagram.

import { concat } from "@std/bytes/concat";

/** Sends records in their order. The first leaves at once, so that nothing ever waits for company. */
export class RecordPacking {
  /** The largest datagram of several records; 0 for none. */
  readonly #maxBytes: number;
  readonly #transmit: (datagram: Uint8Array) => Promise<void>;
  #underWay = false;
  #waiting: Uint8Array[] = [];
  #left: PromiseWithResolvers<void> | undefined;

  /** @param maxBytes the largest datagram of several records; 0 sends each by itself
   * @param transmit sends a datagram; resolves when the system has taken it */
  constructor(maxBytes: number, transmit: (datagram: Uint8Array) => Promise<void>) {
    this.#maxBytes = maxBytes;
    this.#transmit = transmit;
  }

  /** Resolves when the system has taken the record. */
  send(record: Uint8Array): Promise<void> {
    if (this.#maxBytes === 0) return this.#transmit(record);
    if (!this.#underWay) {
      this.#underWay = true;
      return this.#transmit(record).then(this.#taken, this.#failed);
    }
    this.#waiting.push(record);
    this.#left ??= Promise.withResolvers();
    return this.#left.promise;
  }

  /** Sends what waits now, as before a goodbye. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const [waiting, left] = [this.#waiting, this.#left!];
    this.#waiting = [];
    this.#left = undefined;
    let done: Promise<unknown> = Promise.resolve();
    for (let at = 0; at < waiting.length;) {
      const start = at;
      let bytes = waiting[at++]!.length;
      while (at < waiting.length && bytes + waiting[at]!.length <= this.#maxBytes) {
        bytes += waiting[at++]!.length;
      }
      const datagram = at - start === 1 ? waiting[start]! : concat(waiting.slice(start, at));
      done = Promise.all([done, this.#transmit(datagram)]);
    }
    done.then(() => left.resolve(), left.reject).then(this.#taken);
  }

  // Made once, because they run for every record.
  readonly #taken = (): void => {
    if (this.#waiting.length === 0) this.#underWay = false;
    else this.flush();
  };
  readonly #failed = (error: unknown): never => {
    this.#taken();
    throw error;
  };
}
