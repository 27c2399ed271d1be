// A table of the senders of stamped datagrams, kept for as long as a datagram of theirs is young
// enough to be replayed.

/** One sender, known by an authentic datagram. */
export interface Sender {
  /** The time in its newest datagram, in milliseconds since the epoch. */
  latestMs: number;
  /** Whether it is in the table. Where a sender that has left it was still believed, it could come in
   * again beside itself. */
  isKnown: boolean;
}

/** How often at most a full table is searched for what has run out. */
const SEARCH_EVERY_MS = 1000;

/** A bounded table. A sender leaves it only when all it sent has become too old to be believed. */
export class SenderTable<Known extends Sender> {
  readonly #senders = new Map<string, Known>();
  readonly #maxSenders: number;
  readonly #lifetimeMs: number;
  #notBeforeMs: number;
  #nextSearchMs = -Infinity;

  /** @param notBeforeMs nothing older is to be believed from the beginning */
  constructor(maxSenders: number, lifetimeMs: number, notBeforeMs: number) {
    this.#maxSenders = maxSenders;
    this.#lifetimeMs = lifetimeMs;
    this.#notBeforeMs = notBeforeMs;
  }

  /** Nothing older than this may be believed: it could have come before, from a sender that has left
   * the table. Without this a clock that is set back would let old datagrams in again. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  get(id: string): Known | undefined {
    return this.#senders.get(id);
  }

  /** Whether one more can be added; makes room first where that is possible. */
  hasRoom(nowMs: number): boolean {
    if (nowMs >= this.#nextSearchMs) this.#dropOld(nowMs);
    return this.#senders.size < this.#maxSenders;
  }

  add(id: string, sender: Known): void {
    this.#senders.set(id, sender);
    sender.isKnown = true;
  }

  #dropOld(nowMs: number): void {
    let earliest = Infinity;
    for (const [id, sender] of this.#senders) {
      const { latestMs } = sender;
      const end = latestMs + this.#lifetimeMs;
      if (end >= nowMs) {
        earliest = Math.min(earliest, end);
        continue;
      }
      this.#senders.delete(id);
      sender.isKnown = false;
      this.#notBeforeMs = Math.max(this.#notBeforeMs, latestMs + 1);
    }
    this.#nextSearchMs = Math.max(
      nowMs + SEARCH_EVERY_MS,
      Math.min(earliest, nowMs + this.#lifetimeMs),
    );
  }
}
