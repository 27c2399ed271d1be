// The registry of names of a chat: it gives members their names, on this node and in agreement with
// the others, numbers a name that is taken, moves it to a member that can prove it, and takes it
// back. The form of names is checked in admission/names.ts.

import type { Identity } from "../../../core/session.ts";
import { lookalikeKey, nameKey } from "../admission/lookalikes.ts";
import { plainName, verifiedName } from "../admission/names.ts";
import type { Standing } from "../message.ts";
import type { ChatOptions } from "../options.ts";
import { alone, type ChatPeers } from "../peers.ts";
import { RefusedError } from "../refused_error.ts";
import type { LocalMember } from "./local_member.ts";
import type { LocalRoom } from "./local_room.ts";

/** How many names that were verified once are kept from other members. */
const MAX_VERIFIED_NAMES = 10_000;

/** How many numbers are tried behind a name that is taken. */
const MAX_NUMBERED = 1000;

/** A datagram client without proof of its identity that was silent for so long loses its name to a
 * client of the same host: most likely that is the same program, started again. */
const GHOST_AFTER_MS = 10_000;

export interface TakenName {
  readonly name: string;
  readonly standing: Standing;
}

/** The parts of the hub that a registry calls. */
interface NameRegistryHooks {
  peers(): ChatPeers;
  /** Gives a member its new name and tells the room; `why` is told a member that did not ask. */
  renamed(member: LocalMember, room: LocalRoom, name: string, why?: string): void;
  /** Ends the session of a ghost, whose name has gone to the same program started again. */
  replaced(ghost: LocalMember): void;
  /** A name was given back; the room may be empty now. */
  released(room: LocalRoom): void;
}

export class NameRegistry {
  readonly #options: Pick<ChatOptions, "as" | "operator" | "maxNameLength">;
  readonly #hooks: NameRegistryHooks;
  /** Lookalike keys of the names that only an identity can prove. */
  readonly #verified = new Set<string>();
  #guests = 0;

  constructor(
    options: Pick<ChatOptions, "as" | "operator" | "maxNameLength">,
    hooks: NameRegistryHooks,
  ) {
    this.#options = options;
    this.#hooks = hooks;
    for (const name of [...options.operator, options.as]) this.#keepVerified(name);
  }

  /** A plain name in the form in which it is shown, when it is no verified member's name and looks
   * like none.
   * @throws {RefusedError} when no member can take it */
  plain(asked: string): string {
    const name = plainName(asked, this.#options.maxNameLength);
    if (!this.#verified.has(lookalikeKey(name))) return name;
    throw new RefusedError("name-refused", `${name} is the name of a verified member`);
  }

  /** Takes a name for a member that enters a room: the verified one where it has an identity, else
   * the wanted one, else the one that it has, else a guest's.
   * @throws {RefusedError} when it cannot have it */
  async take(
    member: LocalMember,
    room: LocalRoom,
    wanted: string | undefined,
  ): Promise<TakenName> {
    const { identity } = member.options;
    if (member.standing === "verified") return await this.#takeNumbered(member, room, member.name);
    if (identity !== undefined) return await this.#takeVerified(member, room, identity);
    const name = wanted ?? (member.room === undefined ? undefined : member.name);
    if (name === undefined) return await this.#takeGuest(member, room);
    await this.#takePlain(member, room, name);
    return { name, standing: "plain" };
  }

  /** @throws {RefusedError} when another member has the name */
  async rename(member: LocalMember, room: LocalRoom, name: string): Promise<void> {
    const before = member.name;
    const isSameKey = nameKey(before) === nameKey(name);
    if (isSameKey) await this.#hooks.peers().claim(room.name, name, "plain");
    else await this.#takePlain(member, room, name);
    if (member.room !== room) return this.release(room, member, name);
    this.#hooks.renamed(member, room, name);
    if (!isSameKey) this.release(room, member, before);
  }

  /** Another node had the member's name first: gives it another one. */
  async lose(member: LocalMember, room: LocalRoom, why: string): Promise<void> {
    if (member.standing === "plain") return this.#makeGuest(member, why);
    const before = member.name;
    room.names.delete(nameKey(before));
    const { name } = await this.#takeNumbered(member, room, before);
    if (member.room !== room) return this.release(room, member, name);
    if (name !== before) this.#hooks.renamed(member, room, name, why);
  }

  release(room: LocalRoom, member: LocalMember, name: string): void {
    const key = nameKey(name);
    if (room.names.get(key) !== member) return;
    room.names.delete(key);
    this.#hooks.peers().release(room.name, name);
    this.#hooks.released(room);
  }

  /** Gives back every name that a member took in a room which it did not get into. */
  releaseAll(room: LocalRoom, member: LocalMember): void {
    if (member.room === room) return;
    for (const [key, holder] of room.names) {
      if (holder !== member) continue;
      room.names.delete(key);
      this.#hooks.peers().release(room.name, key);
    }
    this.#hooks.released(room);
  }

  async #takePlain(member: LocalMember, room: LocalRoom, name: string): Promise<void> {
    if (await this.#tryTake(member, room, name, "plain")) return;
    throw new RefusedError(
      "name-taken",
      `another member in ${room.name} is called ${name} already`,
    );
  }

  async #takeGuest(member: LocalMember, room: LocalRoom): Promise<TakenName> {
    for (let tries = 0; tries < MAX_NUMBERED; tries++) {
      const name = `guest-${++this.#guests}`;
      if (await this.#tryTake(member, room, name, "plain")) return { name, standing: "plain" };
    }
    throw new RefusedError("name-taken", "no guest's name is free");
  }

  async #takeVerified(
    member: LocalMember,
    room: LocalRoom,
    identity: Identity,
  ): Promise<TakenName> {
    const name = verifiedName(identity);
    this.#keepVerified(name);
    const key = lookalikeKey(name);
    for (const other of room.members) {
      if (other.standing === "plain" && lookalikeKey(other.name) === key) {
        this.#makeGuest(other, `${name} has come, who is verified`);
      }
    }
    member.isOperator = this.#options.operator.includes(identity.name);
    return await this.#takeNumbered(member, room, name);
  }

  /** Takes a verified name, with a number behind it where the same identity is there twice. */
  async #takeNumbered(member: LocalMember, room: LocalRoom, full: string): Promise<TakenName> {
    const name = full.replace(/#\d+$/, "");
    for (let number = 1; number < MAX_NUMBERED; number++) {
      const numbered = number === 1 ? name : `${name}#${number}`;
      if (await this.#tryTake(member, room, numbered, "verified")) {
        return { name: numbered, standing: "verified" };
      }
    }
    throw new RefusedError("name-taken", `${name} is here too often`);
  }

  /** Takes a name in a room, on every node; false when another member has it. */
  async #tryTake(
    member: LocalMember,
    room: LocalRoom,
    name: string,
    standing: Standing,
  ): Promise<boolean> {
    const key = nameKey(name);
    const holder = room.names.get(key);
    if (holder === member) return true;
    if (holder !== undefined && !isGhost(holder, member)) return false;
    // Before the ghost goes: a room without members and names is closed.
    room.names.set(key, member);
    if (holder !== undefined) this.#hooks.replaced(holder);
    const peers = this.#hooks.peers();
    if (peers !== alone && !await peers.claim(room.name, name, standing)) {
      if (room.names.get(key) === member) room.names.delete(key);
      return false;
    }
    // The session may have ended meanwhile.
    if (member.gone) {
      this.release(room, member, name);
      throw new RefusedError("bad-request", "the session is over");
    }
    return true;
  }

  /** Gives a member that lost its name the name of a guest, without asking the other nodes first. */
  #makeGuest(member: LocalMember, why: string): void {
    const { room, name: before } = member;
    if (room === undefined) return;
    let name: string;
    do name = `guest-${++this.#guests}`; while (room.names.has(nameKey(name)));
    room.names.set(nameKey(name), member);
    const peers = this.#hooks.peers();
    // A node that has this guest too says so, and the next number is tried.
    if (peers !== alone) {
      peers.claim(room.name, name, "plain").then((isOurs) => {
        if (!isOurs && member.room === room && member.name === name) this.#makeGuest(member, why);
      }, () => {});
    }
    this.#hooks.renamed(member, room, name, why);
    this.release(room, member, before);
  }

  /** Keeps a name from clients that cannot prove it. */
  #keepVerified(name: string): void {
    const key = lookalikeKey(name);
    this.#verified.delete(key);
    this.#verified.add(key);
    if (this.#verified.size <= MAX_VERIFIED_NAMES) return;
    this.#verified.delete(this.#verified.values().next().value!);
  }
}

/** Whether the holder of a name is gone, and the newcomer most likely the same program. */
function isGhost(holder: LocalMember, newcomer: LocalMember): boolean {
  const host = holder.options.ghostHost;
  return host !== undefined && host === newcomer.options.ghostHost &&
    holder.standing === "plain" && performance.now() - holder.heardAtMs >= GHOST_AFTER_MS;
}
