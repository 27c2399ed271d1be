// The hub of a chat: which members are in which rooms, and what is said between them. Plain clients,
// rich clients and the server's terminal all act through it. Long, because rooms and members change
// together or not at all.

import { isoTime } from "../../../core/clock.ts";
import type { Counters } from "../../../core/counters.ts";
import { errorText } from "../../../core/event.ts";
import type { Context } from "../../../core/protocol.ts";
import { Bans } from "../admission/bans.ts";
import { Joins } from "../admission/joins.ts";
import { nameKey } from "../admission/lookalikes.ts";
import { roomName } from "../admission/names.ts";
import { spokenText } from "../clean_text.ts";
import { markedName, plainMessage, plainNotice, plainPrivate } from "../delivery/plain_lines.ts";
import { richLine, richMessage } from "../delivery/rich_lines.ts";
import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { ChatMessage } from "../message.ts";
import type { ChatOptions } from "../options.ts";
import { alone, type ChatPeerHooks, type ChatPeers, type RemoteMember } from "../peers.ts";
import { RefusedError } from "../refused_error.ts";
import { FlushSchedule } from "./flush_schedule.ts";
import type { LocalMember } from "./local_member.ts";
import { LocalRoom } from "./local_room.ts";
import { NameRegistry, type TakenName } from "./name_registry.ts";

/** The room of clients that ask for none. */
const LOBBY = "lobby";

const MAX_REASON_BYTES = 200;

export interface Saying {
  readonly text: string;
  readonly kind?: ChatMessage["kind"];
  readonly id?: string;
  readonly sentAtMs?: number;
}

export class Hub implements AsyncDisposable {
  readonly options: ChatOptions;
  readonly context: Context;
  /** The counters in the stats of the server. */
  readonly counters: Pick<
    Counters,
    "missed" | "tooFast" | "tooSlow" | "membersRefused" | "expelled"
  > = { missed: 0, tooFast: 0, tooSlow: 0, membersRefused: 0, expelled: 0 };
  readonly bans = new Bans();
  readonly #joins: Joins;
  /** Counted apart: datagrams with a forged address could otherwise use up what is for the clients
   * that are really there. */
  readonly #claimedJoins: Joins;
  peers: ChatPeers = alone;
  readonly #rooms = new Map<string, LocalRoom>();
  /** All members that have a session, in a room or not yet. */
  readonly #members = new Set<LocalMember>();
  /** How many members are in a room. */
  #present = 0;
  #log: ChatLog | undefined;
  /** The senders of the messages that are on their way through the log, by message id. */
  readonly #senders = new Map<string, LocalMember>();
  readonly #names: NameRegistry;
  readonly #flushing = new FlushSchedule();
  readonly #sweep: ReturnType<typeof setInterval>;

  constructor(options: ChatOptions, context: Context) {
    this.options = options;
    this.context = context;
    this.#joins = new Joins(options.joinRatePerSecond);
    this.#claimedJoins = new Joins(options.joinRatePerSecond);
    this.#names = new NameRegistry(options, {
      peers: () => this.peers,
      renamed: (member, room, name, why) => this.#renamed(member, room, name, why),
      replaced: (ghost) => {
        this.dismiss(ghost, "came back");
        ghost.options.close("replaced");
      },
      released: (room) => this.#closeEmpty(room),
    });
    this.#sweep = setInterval(
      () => this.#dropSlow(),
      Math.max(10, Math.min(5000, options.slowTimeoutMs / 4)),
    );
  }

  get logHooks(): LogHooks {
    return {
      deliver: (message) => this.#deliver(message),
      notice: (text) => this.notice(text),
    };
  }

  get peerHooks(): ChatPeerHooks {
    return {
      whispered: (room, to, from, text) => this.#whispered(room, to, from, text),
      expelled: (room, name, ban, reason) => {
        const member = this.#rooms.get(room)?.names.get(nameKey(name));
        if (member === undefined || isHost(member)) return false;
        this.#expel(member, ban, reason);
        return true;
      },
      banned: (keys) => this.bans.addKeys(keys),
      bans: () => this.bans.keys,
      nameLost: (room, name) => {
        const member = this.#rooms.get(room)?.names.get(nameKey(name));
        if (member?.room?.name !== room) return;
        this.#names.lose(member, member.room, `${name} is taken on another node`)
          .catch((error) => this.failed(error));
      },
    };
  }

  /** Sets the log, once it is open. */
  use(log: ChatLog): void {
    this.#log = log;
  }

  get log(): ChatLog {
    if (this.#log === undefined) throw new Error("Cannot use a chat before its log is open");
    return this.#log;
  }

  /** Reads old messages.
   * @throws {RefusedError} when they cannot be read, or a search takes too long */
  async read(
    from: (log: ChatLog) => Promise<readonly ChatMessage[]>,
  ): Promise<readonly ChatMessage[]> {
    try {
      return await from(this.log);
    } catch (error) {
      throw new RefusedError("not-readable", `this could not be read: ${errorText(error)}`);
    }
  }

  now(): number {
    return this.context.now();
  }

  /** A clock that never goes back, in milliseconds. */
  elapsedMs(): number {
    return performance.now();
  }

  /** Tells the operator of the server and all members. */
  notice(text: string): void {
    this.context.emit?.({ event: "notice", text });
    for (const room of this.#rooms.values()) {
      room.say(() => plainNotice(text), () => richLine("notice", { text }));
    }
  }

  /** Tells the operator of an error that is a fault of the chat. */
  failed(error: unknown): void {
    this.context.emit?.({ event: "notice", text: `the chat failed: ${errorText(error)}` });
  }

  admit(member: LocalMember): void {
    this.#members.add(member);
  }

  dismiss(member: LocalMember, reason?: string): void {
    if (member.gone) return;
    member.gone = true;
    this.#members.delete(member);
    this.#depart(member, reason);
  }

  /** Brings a member into a room, with the name that it asks for, the one that it has, or a guest's.
   * @throws {RefusedError} when it cannot enter; it then stays where it was */
  async enter(
    member: LocalMember,
    asked: { readonly name?: string | undefined; readonly room?: string | undefined },
  ): Promise<LocalRoom> {
    const room = this.#roomFor(roomName(asked.room ?? member.room?.name ?? LOBBY));
    const before = member.room;
    if (before === room) return room;
    let taken: TakenName;
    try {
      const wanted = asked.name === undefined || before !== undefined
        ? undefined
        : this.#names.plain(asked.name);
      this.#refuseBanned(member, wanted);
      this.#refuseFull(member, room);
      if (before === undefined) this.#refuseCrowd(member);
      taken = await this.#names.take(member, room, wanted);
      this.#refuseFull(member, room);
      // It would be in the room for ever.
      if (member.gone) throw new RefusedError("bad-request", "the session is over");
    } catch (error) {
      this.#names.releaseAll(room, member);
      throw error;
    }
    this.#depart(member, undefined, room);
    member.name = taken.name;
    member.standing = taken.standing;
    this.#announce(room, member, "came");
    room.add(member);
    this.#present++;
    return room;
  }

  /** @throws {RefusedError} when the member cannot have the name */
  async rename(member: LocalMember, asked: string): Promise<void> {
    const room = roomOf(member);
    if (member.standing === "verified") {
      throw new RefusedError("name-refused", "a verified name stays");
    }
    const name = this.#names.plain(asked);
    this.#refuseBanned(member, name);
    if (name !== member.name) await this.#names.rename(member, room, name);
  }

  /** Says something in the member's room. Resolves once it is delivered, and stored as safely as the
   * receipt says.
   * @throws {RefusedError} when it cannot be said */
  async say(member: LocalMember, saying: Saying): Promise<Receipt> {
    const room = roomOf(member);
    const text = spokenText(saying.text, this.options.maxTextBytes);
    const id = saying.id ?? crypto.randomUUID();
    const isFirst = !this.#senders.has(id);
    if (isFirst) this.#senders.set(id, member);
    try {
      return await this.log.append({
        id,
        room: room.name,
        name: member.name,
        standing: member.standing,
        kind: saying.kind ?? "say",
        text,
        timeMs: this.now(),
        sentAtMs: saying.sentAtMs,
      });
    } catch (error) {
      throw new RefusedError("not-stored", `this could not be stored: ${errorText(error)}`);
    } finally {
      if (isFirst) this.#senders.delete(id);
    }
  }

  /** Says something to one member alone.
   * @throws {RefusedError} when no member of the room has that name */
  async whisper(member: LocalMember, to: string, text: string): Promise<void> {
    const room = roomOf(member);
    const clean = spokenText(text, this.options.maxTextBytes);
    const from: RemoteMember = {
      name: member.name,
      standing: member.standing,
      room: room.name,
    };
    if (this.#whispered(room.name, to, from, clean)) return;
    const isElsewhere = this.peers !== alone && await this.peers.whisper(from, to, clean);
    if (!isElsewhere) throw nobody(to, room);
  }

  /** Removes another member from the room of an operator.
   * @throws {RefusedError} when the member is no operator, or none in the room has that name */
  async expel(member: LocalMember, name: string, ban: boolean, reason: string): Promise<void> {
    if (!member.isOperator) {
      throw new RefusedError("not-an-operator", "only verified operators may do that");
    }
    const room = roomOf(member);
    const why = spokenReason(reason, member);
    const found = room.names.get(nameKey(name));
    if (found !== undefined && found.room === room) {
      if (isHost(found)) {
        throw new RefusedError("no-such-member", "the operator at the terminal stays");
      }
      this.#expel(found, ban, why);
      return;
    }
    const key = nameKey(name);
    const remote = this.peers.members(room.name).find((one) => nameKey(one.name) === key);
    // Of a verified member only its own node knows what to ban.
    if (ban && remote?.standing === "plain") {
      this.peers.ban(this.bans.add(remote.name, { identity: undefined, host: undefined }));
    }
    const isThere = await this.peers.expel(room.name, remote?.name ?? name, ban, why);
    if (!isThere) throw nobody(name, room);
  }

  /** The members of a member's room, on every node. */
  who(member: LocalMember): readonly Pick<LocalMember, "name" | "standing">[] {
    const room = roomOf(member);
    return [...room.members, ...this.peers.members(room.name)]
      .map(({ name, standing }) => ({ name, standing }));
  }

  /** How many members a room has, on every node. */
  countOf(room: LocalRoom): number {
    return room.members.size + (this.peers.rooms().get(room.name) ?? 0);
  }

  /** The rooms that have members, on every node, the largest first. */
  rooms(): readonly { readonly room: string; readonly members: number }[] {
    const counts = new Map(this.peers.rooms());
    for (const { name, members } of this.#rooms.values()) {
      if (members.size > 0) counts.set(name, (counts.get(name) ?? 0) + members.size);
    }
    return [...counts].map(([room, members]) => ({ room, members }))
      .sort((a, b) => b.members - a.members || (a.room < b.room ? -1 : 1));
  }

  /** Ends all sessions. The log is disposed of by its opener. */
  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    for (const room of this.#rooms.values()) room.flush();
    for (const member of [...this.#members]) this.dismiss(member);
    this.#flushing[Symbol.dispose]();
    return Promise.resolve();
  }

  #deliver(message: ChatMessage): void {
    const { id, room: name, standing, kind, text, timeMs } = message;
    const sender = this.#senders.get(id);
    this.context.emit?.(
      {
        event: "chat",
        room: name,
        kind,
        name: message.name,
        standing,
        text,
        id,
      },
      sender?.options.session,
      timeMs,
    );
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    // The person at a plain client sees the line in its own terminal already.
    const except = sender?.wire === "plain" ? sender : undefined;
    room.say(() => plainMessage(message), () => richMessage(message), message, except);
  }

  #whispered(room: string, to: string, from: RemoteMember, text: string): boolean {
    const member = this.#rooms.get(room)?.names.get(nameKey(to));
    if (member === undefined || member.room?.name !== room) return false;
    const { name, standing } = from;
    const timeMs = this.now();
    member.tell(
      member.wire === "plain"
        ? plainPrivate(timeMs, name, standing, text)
        : richLine("private", { name, standing, text, time: isoTime(timeMs) }),
    );
    return true;
  }

  #expel(member: LocalMember, ban: boolean, reason: string): void {
    this.counters.expelled++;
    if (ban) this.peers.ban(this.bans.add(member.name, member.options));
    const why = `${ban ? "banned" : "removed"} ${reason}`;
    const { room, name } = member;
    if (member.wire === "plain") member.tell(plainNotice(`you were ${why}`));
    else {
      if (ban) member.tell(richLine("error", { code: "banned", text: `you were ${why}` }));
      // A client that comes back by itself when a connection ends must know that it should not.
      member.tell(richLine("went", { room: room?.name, name, reason: why }));
    }
    this.dismiss(member, why);
    member.options.close(ban ? "banned" : "removed");
  }

  /** The room of a name; made where there is none, without members. */
  #roomFor(name: string): LocalRoom {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    if (this.#rooms.size >= this.options.maxRooms) {
      throw new RefusedError("too-many-rooms", `there are ${this.#rooms.size} rooms already`);
    }
    const room = new LocalRoom(name, (changed) => this.#flushing.add(changed));
    this.#rooms.set(name, room);
    return room;
  }

  #refuseBanned(member: LocalMember, name: string | undefined): void {
    if (!this.bans.has(name, member.options)) return;
    this.counters.membersRefused++;
    throw new RefusedError("banned", "an operator has banned you");
  }

  #refuseCrowd({ options: { host, claimedHost } }: LocalMember): void {
    if (host === undefined) return;
    const joins = claimedHost === undefined ? this.#joins : this.#claimedJoins;
    if (joins.take(host, this.elapsedMs())) return;
    this.counters.membersRefused++;
    throw new RefusedError("too-fast", "too many come in from there; try again in a moment");
  }

  #refuseFull(member: LocalMember, room: LocalRoom): void {
    const { maxMembers, maxRoomMembers } = this.options;
    const isFull = room.members.size >= maxRoomMembers && member.room !== room;
    if (!isFull && (member.room !== undefined || this.#present < maxMembers)) return;
    this.counters.membersRefused++;
    throw new RefusedError("room-full", isFull ? `${room.name} is full` : "the chat is full");
  }

  /** @param to the room that the member goes to, if it does */
  #depart(member: LocalMember, reason: string | undefined, to?: LocalRoom): void {
    const { room } = member;
    if (room === undefined) return;
    room.remove(member);
    this.#present--;
    this.#announce(
      room,
      member,
      "went",
      reason ?? (to === undefined ? undefined : `to ${to.name}`),
    );
    this.#names.release(room, member, member.name);
    this.#closeEmpty(room);
  }

  #closeEmpty(room: LocalRoom): void {
    if (room.isEmpty && this.#rooms.get(room.name) === room) {
      this.#rooms.delete(room.name);
      this.#flushing.delete(room);
    }
  }

  /** Gives a member its new name, and tells the room; and the member where it did not ask for it. */
  #renamed(member: LocalMember, room: LocalRoom, name: string, why: string | undefined): void {
    const { name: before, standing } = member;
    member.name = name;
    this.#emitPresence(room, member, "renamed", before, name);
    if (room.members.size <= this.options.presenceMembers) {
      room.say(
        () => plainNotice(`${before} is ${markedName(name, standing)} now`),
        () => richLine("renamed", { room: room.name, name: before, to: name }),
        undefined,
        member,
      );
    }
    if (why === undefined) return;
    member.tell(
      member.wire === "plain"
        ? plainNotice(`you are ${name} now: ${why}`)
        : richLine("named", { name, standing }),
    );
  }

  #announce(room: LocalRoom, member: LocalMember, kind: "came" | "went", reason?: string): void {
    const { name, standing } = member;
    this.#emitPresence(room, member, kind, name, reason);
    if (room.members.size > this.options.presenceMembers) return;
    const who = markedName(name, standing);
    const why = reason === undefined ? "" : ` (${reason})`;
    room.say(
      () => plainNotice(`${who} ${kind === "came" ? "came" : "left"}${why}`),
      () => richLine(kind, { room: room.name, name, reason }),
    );
  }

  #emitPresence(
    room: LocalRoom,
    { standing, options: { session } }: LocalMember,
    kind: "came" | "went" | "renamed",
    name: string,
    text: string | undefined,
  ): void {
    this.context.emit?.(
      {
        event: "chat",
        room: room.name,
        kind,
        name,
        standing,
        ...(text !== undefined && { text }),
      },
      session,
      this.now(),
    );
  }

  #dropSlow(): void {
    const nowMs = this.elapsedMs();
    for (const member of this.#members) {
      const stuckMs = member.options.outbox?.stuckForMs(nowMs) ?? 0;
      if (stuckMs < this.options.slowTimeoutMs) continue;
      this.counters.tooSlow++;
      member.options.outbox!.abandon();
      this.dismiss(member, "too slow");
      member.options.close("too slow");
    }
  }
}

/** @throws {RefusedError} when the member is in no room */
export function roomOf(member: LocalMember): LocalRoom {
  if (member.room === undefined) {
    throw new RefusedError("bad-request", "say hello first");
  }
  return member.room;
}

/** Whether a member is the terminal of the server, which is never removed. */
function isHost(member: LocalMember): boolean {
  return member.options.outbox === undefined;
}

function nobody(name: string, room: LocalRoom): RefusedError {
  const shown = name.slice(0, 64);
  return new RefusedError("no-such-member", `nobody in ${room.name} is called ${shown}`);
}

function spokenReason(reason: string, member: LocalMember): string {
  const by = `by ${member.name}`;
  return reason.trim() === "" ? by : `${by}: ${spokenText(reason, MAX_REASON_BYTES)}`;
}
