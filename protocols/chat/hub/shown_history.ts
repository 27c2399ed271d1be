// What the history has shown one member of a room, by which a message is recognised that is delivered
// only afterwards: a log answers a request for old messages as soon as they are stored.

import type { ChatMessage } from "../message.ts";

/** The messages of a room that a member has from its history. */
export class ShownHistory {
  readonly #room: string;
  #upTo = 0;
  /** The ids of messages that have no place in the room yet. */
  readonly #unplaced = new Set<string>();

  constructor(room: string) {
    this.#room = room;
  }

  /** Notes that a page was shown. It has no gaps, so that the places below its last are known too. */
  add(page: readonly ChatMessage[]): void {
    for (const { id, seq } of page) {
      if (seq === undefined) this.#unplaced.add(id);
      else this.addUpTo(seq);
    }
  }

  /** Notes that the member has everything up to a place. */
  addUpTo(seq: number): void {
    this.#upTo = Math.max(this.#upTo, seq);
  }

  has({ id, room, seq }: ChatMessage): boolean {
    return room === this.#room &&
      (seq !== undefined && seq <= this.#upTo || this.#unplaced.has(id));
  }
}
