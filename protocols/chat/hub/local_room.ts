// A room of a chat on this node: its members, the names in use, and the batch of what its members are
// told together.

import { Batch } from "../delivery/batch.ts";
import type { ChatMessage } from "../message.ts";
import type { LocalMember } from "./local_member.ts";

/** A batch that has grown to this many bytes is handed over at once. */
const FULL_BATCH_BYTES = 256 * 1024;

/** A room that has members, or is about to have one. */
export class LocalRoom {
  readonly name: string;
  readonly members = new Set<LocalMember>();
  /** The members by the keys of their names; also those that are still entering. */
  readonly names = new Map<string, LocalMember>();
  batch = new Batch(false, false);
  readonly #touched = new Set<LocalMember>();
  readonly #schedule: (room: LocalRoom) => void;

  /** @param schedule has the room flushed soon */
  constructor(name: string, schedule: (room: LocalRoom) => void) {
    this.name = name;
    this.#schedule = schedule;
  }

  /** Whether it has no members and none is entering. */
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

  /** Tells all members something, in the words of each wire.
   * @param except a member that is not told */
  say(plain: () => string, rich: () => string, message?: ChatMessage, except?: LocalMember): void {
    if (except?.room === this) except.skipNext();
    this.batch.add(plain, rich, message);
    if (this.batch.bytes >= FULL_BATCH_BYTES) this.flush();
    else this.#schedule(this);
  }

  /** Notes that a member is to be told something of its own. */
  touched(member: LocalMember): void {
    this.#touched.add(member);
    this.#schedule(this);
  }

  /** Hands what happened over to the members; returns to how many. */
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
