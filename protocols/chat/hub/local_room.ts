// One room: who is in it, and what its members are told together.

import { Batch } from "../delivery/batch.ts";
import type { LocalMember } from "./local_member.ts";
import type { ChatMessage } from "../message.ts";

/** A batch of this many bytes leaves at once. */
const FULL_BATCH_BYTES = 256 * 1024;

/** A room that somebody is in, or is about to be. */
export class LocalRoom {
  readonly name: string;
  readonly members = new Set<LocalMember>();
  /** Who has which name, by its key; also of those who are on their way in. */
  readonly names = new Map<string, LocalMember>();
  batch = new Batch(false, false);
  readonly #touched = new Set<LocalMember>();
  readonly #schedule: (room: LocalRoom) => void;

  /** @param schedule has the room flushed soon */
  constructor(name: string, schedule: (room: LocalRoom) => void) {
    this.name = name;
    this.#schedule = schedule;
  }

  /** Whether nobody is here or on the way. */
  get isEmpty(): boolean {
    return this.members.size === 0 && this.names.size === 0;
  }

  add(member: LocalMember): void {
    this.flush();
    this.members.add(member);
    this.batch = this.#newBatch();
    member.room = this;
  }

  remove(member: LocalMember): void {
    this.flush();
    this.members.delete(member);
    this.#touched.delete(member);
    this.batch = this.#newBatch();
    member.room = undefined;
  }

  /** Tells all members something, as each wire says it.
   * @param except who does not hear of it */
  say(plain: () => string, rich: () => string, message?: ChatMessage, except?: LocalMember): void {
    if (except?.room === this) except.skipNext();
    this.batch.add(plain, rich, message);
    if (this.batch.bytes >= FULL_BATCH_BYTES) this.flush();
    else this.#schedule(this);
  }

  /** A member is to be told something of its own. */
  touched(member: LocalMember): void {
    this.#touched.add(member);
    this.#schedule(this);
  }

  /** Hands all that happened over to the members' queues.
   * @returns to how many members */
  flush(): number {
    const { batch } = this;
    const toldAll = batch.count > 0;
    if (!toldAll && this.#touched.size === 0) return 0;
    const told = toldAll ? this.members : new Set(this.#touched);
    this.#touched.clear();
    if (toldAll) this.batch = this.#newBatch();
    for (const member of told) member.deliver(batch);
    return told.size;
  }

  #newBatch(): Batch {
    let hasPlain = false;
    let hasRich = false;
    for (const { wire } of this.members) {
      if (wire === "rich") hasRich = true;
      else hasPlain = true;
      if (hasPlain && hasRich) break;
    }
    return new Batch(hasPlain, hasRich);
  }
}
