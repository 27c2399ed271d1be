// A list of the members of one node of a chat's cluster, by room and name.

import type { Entry } from "./node_message.ts";

export class MemberList {
  readonly #rooms = new Map<string, Map<string, Entry>>();
  readonly #nameKey: (name: string) => string;
  #size = 0;

  /** @param nameKey the key of a name; names with the same key are one */
  constructor(nameKey: (name: string) => string) {
    this.#nameKey = nameKey;
  }

  get size(): number {
    return this.#size;
  }

  /** How many members each room has. */
  *rooms(): Iterable<[room: string, members: number]> {
    for (const [room, members] of this.#rooms) yield [room, members.size];
  }

  in(room: string): Iterable<Entry> {
    return this.#rooms.get(room)?.values() ?? [];
  }

  /** All members, room by room. */
  *all(): Iterable<Entry> {
    for (const members of this.#rooms.values()) yield* members.values();
  }

  find(room: string, name: string): Entry | undefined {
    return this.#rooms.get(room)?.get(this.#nameKey(name));
  }

  set(entry: Entry): void {
    let members = this.#rooms.get(entry.room);
    if (members === undefined) this.#rooms.set(entry.room, members = new Map());
    this.#size -= members.size;
    members.set(this.#nameKey(entry.name), entry);
    this.#size += members.size;
  }

  delete(room: string, name: string): void {
    const members = this.#rooms.get(room);
    if (!members?.delete(this.#nameKey(name))) return;
    this.#size--;
    if (members.size === 0) this.#rooms.delete(room);
  }
}
