// The chat itself: who is where under which name, and what passes between them. Both wires and the
// terminal act through it. Long, because names, rooms and members change together or not at all.

import { clearImmediate, setImmediate } from "node:timers";
import type { Counters } from "../../../core/counters.ts";
import { errorText } from "../../../core/event.ts";
import type { Context } from "../../../core/protocol.ts";
import type { Identity } from "../../../core/session.ts";
import { alone } from "../alone.ts";
import { Bans } from "../admission/bans.ts";
import { spokenText } from "../clean_text.ts";
import { Joins } from "../admission/joins.ts";
import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { Member } from "./local_member.ts";
import type { ChatMessage, Standing } from "../message.ts";
import { lookalikeKey, nameKey, plainName, roomName, verifiedName } from "../admission/names.ts";
import type { ChatOptions } from "../options.ts";
import type { ChatPeers, PeerHooks, RemoteMember } from "../peers.ts";
import { markedName, plainMessage, plainNotice, plainPrivate } from "../delivery/plain_lines.ts";
import { RefusedError } from "../refused_error.ts";
import { isoTime, richLine, richMessage } from "../delivery/rich_lines.ts";
import { Room } from "./local_room.ts";

/** Where everybody is who says nothing else. */
export const LOBBY = "lobby";

/** What happens within this time leaves together where much is going on. */
const FLUSH_INTERVAL_MS = 5;

/** What it may cost to hand one member what happened, about. Members are handed so much at once that
 * this takes up the time there is, and no more. */
const HAND_OVER_MS = 0.05;

/** How much of that may be owed before anything waits: what comes one by one leaves at once. */
const OWED_MS = 20;

/** How many names that were verified once are kept from others. */
const MAX_VERIFIED_NAMES = 10_000;

/** How many numbers are tried behind a name that is taken. */
const MAX_NUMBERED = 1000;

/** A member on a datagram that proved nothing and was silent for so long loses its name to whoever
 * comes from the same host: most likely it is the same program, started again. */
const GHOST_AFTER_MS = 10_000;

const MAX_REASON_BYTES = 200;

/** What somebody says. */
export interface Saying {
  readonly text: string;
  readonly kind?: ChatMessage["kind"];
  readonly id?: string;
  readonly sentAtMs?: number;
}

/** Somebody in a room, as others see them. */
export interface SeenMember {
  readonly name: string;
  readonly standing: Standing;
}

/** One chat. */
export class Hub implements AsyncDisposable {
  readonly options: ChatOptions;
  readonly context: Context;
  /** What the stats show. */
  readonly counters: Pick<
    Counters,
    "missed" | "tooFast" | "tooSlow" | "membersRefused" | "expelled"
  > = { missed: 0, tooFast: 0, tooSlow: 0, membersRefused: 0, expelled: 0 };
  readonly bans = new Bans();
  readonly #joins: Joins;
  /** Apart from those who are surely where they say: nobody shuts them out in their own name. */
  readonly #claimedJoins: Joins;
  peers: ChatPeers = alone;
  readonly #rooms = new Map<string, Room>();
  /** All that have a session, in a room or not yet. */
  readonly #members = new Set<Member>();
  /** Those that are in a room. */
  #present = 0;
  #log: ChatLog | undefined;
  /** Whose messages are on their way through the log, by id. */
  readonly #senders = new Map<string, Member>();
  readonly #dirty = new Set<Room>();
  readonly #verified = new Set<string>();
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #flushSoon: ReturnType<typeof setImmediate> | undefined;
  /** Until when what has been handed over keeps the machine busy, by a clock that never goes back. */
  #busyUntilMs = 0;
  #guests = 0;
  readonly #sweep: ReturnType<typeof setInterval>;

  constructor(options: ChatOptions, context: Context) {
    this.options = options;
    this.context = context;
    this.#joins = new Joins(options.joinRatePerSecond);
    this.#claimedJoins = new Joins(options.joinRatePerSecond);
    for (const name of [...options.operator, options.as]) this.#keepName(name);
    this.#sweep = setInterval(
      () => this.#dropSlow(),
      Math.max(10, Math.min(5000, options.slowTimeoutMs / 4)),
    );
  }

  /** What a log tells this chat. */
  get logHooks(): LogHooks {
    return {
      deliver: (message) => this.#deliver(message),
      notice: (text) => this.notice(text),
    };
  }

  /** What the other nodes tell this chat. */
  get peerHooks(): PeerHooks {
    return {
      whispered: (room, to, from, text) => this.#whispered(room, to, from, text),
      expelled: (room, name, ban, reason) => {
        const member = this.#rooms.get(room)?.names.get(nameKey(name));
        if (member !== undefined && !isHost(member)) this.#expel(member, ban, reason);
      },
      banned: (keys) => this.bans.addKeys(keys),
      nameLost: (room, name) => {
        const member = this.#rooms.get(room)?.names.get(nameKey(name));
        if (member?.room?.name !== room) return;
        const why = `${name} is taken on another node`;
        if (member.standing === "plain") this.#callGuest(member, why);
        else this.#numberAnew(member, member.room, why).catch((error) => this.failed(error));
      },
    };
  }

  /** Takes the log over. */
  use(log: ChatLog): void {
    this.#log = log;
  }

  get log(): ChatLog {
    if (this.#log === undefined) throw new Error("Cannot use a chat before its log is open");
    return this.#log;
  }

  now(): number {
    return this.context.now();
  }

  /** A clock that never goes back, in milliseconds. */
  elapsedMs(): number {
    return performance.now();
  }

  /** Tells whoever runs the server, and all members. */
  notice(text: string): void {
    this.context.emit({ event: "notice", text });
    for (const room of this.#rooms.values()) {
      room.say(() => plainNotice(text), () => richLine("notice", { text }));
    }
  }

  /** Something went wrong that should not have. */
  failed(error: unknown): void {
    this.context.emit({ event: "notice", text: `the chat failed: ${errorText(error)}` });
  }

  /** A session begins. */
  admit(member: Member): void {
    this.#members.add(member);
  }

  /** A session is over. */
  dismiss(member: Member, reason?: string): void {
    if (member.gone) return;
    member.gone = true;
    this.#members.delete(member);
    this.#depart(member, reason);
  }

  /** Brings a member into a room, with the name that it asks for, the one that it has, or a guest's.
   * @throws {RefusedError} when it cannot; it is then where it was */
  async enter(
    member: Member,
    asked: { readonly name?: string | undefined; readonly room?: string | undefined },
  ): Promise<Room> {
    const room = this.#roomFor(roomName(asked.room ?? member.room?.name ?? LOBBY));
    const before = member.room;
    if (before === room) return room;
    let taken: SeenMember | undefined;
    try {
      const wanted = asked.name === undefined || before !== undefined
        ? undefined
        : this.#freeToTake(plainName(asked.name, this.options.maxNameLength));
      this.#refuseBanned(member, wanted);
      this.#refuseFull(member, room);
      if (before === undefined) this.#refuseCrowd(member);
      taken = await this.#takeName(member, room, wanted);
      this.#refuseFull(member, room);
    } catch (error) {
      this.#letGo(room, member);
      this.#closeEmpty(room);
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

  /** Gives a member another name.
   * @throws {RefusedError} when it cannot have it */
  async rename(member: Member, asked: string): Promise<void> {
    const room = roomOf(member);
    if (member.standing === "verified") {
      throw new RefusedError("name-refused", "a verified name stays");
    }
    const name = this.#freeToTake(plainName(asked, this.options.maxNameLength));
    this.#refuseBanned(member, name);
    if (name === member.name) return;
    const before = member.name;
    const [oldKey, newKey] = [nameKey(before), nameKey(name)];
    if (oldKey !== newKey) await this.#reserve(member, room, name, "plain");
    else await this.peers.claim(room.name, name, "plain");
    if (member.room !== room) return this.#release(room, member, name);
    this.#called(member, room, before, name);
    if (oldKey !== newKey) this.#release(room, member, before);
  }

  /** Says something in the member's room; resolves once it is as safe as the receipt says. It is then
   * delivered.
   * @throws {RefusedError} when it cannot be said */
  async say(member: Member, saying: Saying): Promise<Receipt> {
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
   * @throws {RefusedError} when nobody in the room has that name */
  async whisper(member: Member, to: string, text: string): Promise<void> {
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

  /** Removes somebody from the member's room.
   * @throws {RefusedError} when the member may not, or nobody has that name */
  expel(member: Member, name: string, ban: boolean, reason: string): void {
    if (!member.isOperator) {
      throw new RefusedError("not-an-operator", "only verified operators may do that");
    }
    const room = roomOf(member);
    const why = spokenReason(reason, member);
    const found = room.names.get(nameKey(name));
    if (found !== undefined && found.room === room) {
      if (isHost(found)) {
        throw new RefusedError("no-such-member", "whoever runs the server stays");
      }
      this.#expel(found, ban, why);
      return;
    }
    const key = nameKey(name);
    const remote = this.peers.members(room.name).find((one) => nameKey(one.name) === key);
    if (remote === undefined) throw nobody(name, room);
    this.peers.expel(room.name, remote.name, ban, why);
  }

  /** Who is in the member's room, on every node. */
  who(member: Member): readonly SeenMember[] {
    const room = roomOf(member);
    return [...room.members, ...this.peers.members(room.name)]
      .map(({ name, standing }) => ({ name, standing }));
  }

  /** How many are in a room, on every node. */
  countOf(room: Room): number {
    return room.members.size + (this.peers.rooms().get(room.name) ?? 0);
  }

  /** The rooms that somebody is in, on every node, the largest first. */
  rooms(): readonly { readonly room: string; readonly members: number }[] {
    const counts = new Map(this.peers.rooms());
    for (const { name, members } of this.#rooms.values()) {
      if (members.size > 0) counts.set(name, (counts.get(name) ?? 0) + members.size);
    }
    return [...counts].map(([room, members]) => ({ room, members }))
      .sort((a, b) => b.members - a.members || (a.room < b.room ? -1 : 1));
  }

  /** Ends everything; the log is whoever opened it to dispose of. */
  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    for (const room of this.#rooms.values()) room.flush();
    for (const member of [...this.#members]) this.dismiss(member);
    this.#clearFlush();
    return Promise.resolve();
  }

  #deliver(message: ChatMessage): void {
    const { id, room: name, standing, kind, text, timeMs } = message;
    this.context.emit({
      event: "chat",
      time: isoTime(timeMs),
      room: name,
      kind,
      name: message.name,
      standing,
      text,
      id,
    });
    const room = this.#rooms.get(name);
    if (room === undefined) return;
    const sender = this.#senders.get(id);
    // Plain clients have seen what they typed.
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

  #expel(member: Member, ban: boolean, reason: string): void {
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

  /** The room of a name, which nobody may be in yet. */
  #roomFor(name: string): Room {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    if (this.#rooms.size >= this.options.maxRooms) {
      throw new RefusedError("too-many-rooms", `there are ${this.#rooms.size} rooms already`);
    }
    const room = new Room(name, (dirty) => this.#schedule(dirty));
    this.#rooms.set(name, room);
    return room;
  }

  #refuseBanned(member: Member, name: string | undefined): void {
    if (!this.bans.has(name, member.options)) return;
    this.counters.membersRefused++;
    throw new RefusedError("banned", "an operator has banned you");
  }

  #refuseCrowd({ options: { host, claimedHost } }: Member): void {
    if (host === undefined) return;
    const joins = claimedHost === undefined ? this.#joins : this.#claimedJoins;
    if (joins.take(host, this.elapsedMs())) return;
    this.counters.membersRefused++;
    throw new RefusedError("too-fast", "too many come in from there; try again in a moment");
  }

  #refuseFull(member: Member, room: Room): void {
    const { maxMembers, maxRoomMembers } = this.options;
    const isFull = room.members.size >= maxRoomMembers && member.room !== room;
    if (!isFull && (member.room !== undefined || this.#present < maxMembers)) return;
    this.counters.membersRefused++;
    throw new RefusedError("room-full", isFull ? `${room.name} is full` : "the chat is full");
  }

  /** A plain name that nobody's verified name looks like.
   * @throws {RefusedError} when it does */
  #freeToTake(name: string): string {
    if (!this.#verified.has(lookalikeKey(name))) return name;
    throw new RefusedError("name-refused", `${name} is the name of somebody who is verified`);
  }

  /** Takes a name in a room: the one that is wanted, that the member has, or a guest's. */
  async #takeName(member: Member, room: Room, wanted: string | undefined): Promise<SeenMember> {
    const { identity } = member.options;
    if (member.standing === "verified") return await this.#takeNumbered(member, room, member.name);
    if (identity !== undefined) return await this.#takeVerified(member, room, identity);
    const name = wanted ?? (member.room === undefined ? undefined : member.name);
    if (name === undefined) return await this.#takeGuest(member, room);
    await this.#reserve(member, room, name, "plain");
    return { name, standing: "plain" };
  }

  async #takeGuest(member: Member, room: Room): Promise<SeenMember> {
    for (let tries = 0; tries < MAX_NUMBERED; tries++) {
      const name = `guest-${++this.#guests}`;
      if (await this.#tryReserve(member, room, name, "plain")) return { name, standing: "plain" };
    }
    throw new RefusedError("name-taken", "no guest's name is free");
  }

  async #takeVerified(member: Member, room: Room, identity: Identity): Promise<SeenMember> {
    const name = verifiedName(identity);
    this.#keepName(name);
    const key = lookalikeKey(name);
    for (const other of room.members) {
      if (other.standing === "plain" && lookalikeKey(other.name) === key) {
        this.#callGuest(other, `${name} has come, who is verified`);
      }
    }
    member.isOperator = this.options.operator.includes(identity.name);
    return await this.#takeNumbered(member, room, name);
  }

  /** A verified name, with a number behind it where the same person is here twice. */
  async #takeNumbered(member: Member, room: Room, full: string): Promise<SeenMember> {
    const name = full.replace(/#\d+$/, "");
    for (let number = 1; number < MAX_NUMBERED; number++) {
      const numbered = number === 1 ? name : `${name}#${number}`;
      if (await this.#tryReserve(member, room, numbered, "verified")) {
        return { name: numbered, standing: "verified" };
      }
    }
    throw new RefusedError("name-taken", `${name} is here too often`);
  }

  async #reserve(member: Member, room: Room, name: string, standing: Standing): Promise<void> {
    if (await this.#tryReserve(member, room, name, standing)) return;
    throw new RefusedError("name-taken", `somebody in ${room.name} is called ${name} already`);
  }

  /** Takes a name in a room, on every node; false when somebody has it. */
  async #tryReserve(
    member: Member,
    room: Room,
    name: string,
    standing: Standing,
  ): Promise<boolean> {
    const key = nameKey(name);
    const holder = room.names.get(key);
    if (holder === member) return true;
    if (holder !== undefined) {
      if (!this.#isGhost(holder, member)) return false;
      this.dismiss(holder, "came back");
      holder.options.close("replaced");
    }
    room.names.set(key, member);
    if (this.peers !== alone && !await this.peers.claim(room.name, name, standing)) {
      if (room.names.get(key) === member) room.names.delete(key);
      return false;
    }
    // The session may have ended meanwhile.
    if (member.gone) {
      this.#release(room, member, name);
      throw new RefusedError("bad-request", "the session is over");
    }
    return true;
  }

  #isGhost(holder: Member, comer: Member): boolean {
    const host = holder.options.claimedHost;
    return host !== undefined && host === comer.options.claimedHost &&
      holder.standing === "plain" && this.elapsedMs() - holder.heardAtMs >= GHOST_AFTER_MS;
  }

  /** Gives back a name that a member has in a room. */
  #release(room: Room, member: Member, name: string): void {
    const key = nameKey(name);
    if (room.names.get(key) !== member) return;
    room.names.delete(key);
    this.peers.release(room.name, name);
    this.#closeEmpty(room);
  }

  /** Gives back whatever a member took in a room that it did not get into. */
  #letGo(room: Room, member: Member): void {
    if (member.room === room || this.#rooms.get(room.name) !== room) return;
    for (const [key, holder] of room.names) {
      if (holder !== member) continue;
      room.names.delete(key);
      this.peers.release(room.name, key);
    }
  }

  /** Takes a member out of its room.
   * @param to where it goes, if it does */
  #depart(member: Member, reason: string | undefined, to?: Room): void {
    const { room } = member;
    if (room === undefined) return;
    room.remove(member);
    this.#present--;
    room.names.delete(nameKey(member.name));
    this.peers.release(room.name, member.name);
    this.#announce(
      room,
      member,
      "went",
      reason ?? (to === undefined ? undefined : `to ${to.name}`),
    );
    this.#closeEmpty(room);
  }

  #closeEmpty(room: Room): void {
    if (room.isEmpty && this.#rooms.get(room.name) === room) {
      this.#rooms.delete(room.name);
      this.#dirty.delete(room);
    }
  }

  /** Gives a member whose name is somebody else's now the name of a guest. */
  #callGuest(member: Member, why: string): void {
    const room = member.room;
    if (room === undefined) return;
    const before = member.name;
    let name: string;
    do name = `guest-${++this.#guests}`; while (room.names.has(nameKey(name)));
    room.names.set(nameKey(name), member);
    // Other nodes hear of it; one that has this guest too says so, and the next number comes.
    if (this.peers !== alone) {
      this.peers.claim(room.name, name, "plain").then((isOurs) => {
        if (!isOurs && member.room === room && member.name === name) this.#callGuest(member, why);
      }, () => {});
    }
    this.#called(member, room, before, name);
    this.#release(room, member, before);
    tellName(member, why);
  }

  /** Gives somebody verified another number: the same person is on another node too. */
  async #numberAnew(member: Member, room: Room, why: string): Promise<void> {
    const before = member.name;
    room.names.delete(nameKey(before));
    const { name } = await this.#takeNumbered(member, room, before);
    if (member.room !== room) return this.#release(room, member, name);
    if (name === before) return;
    this.#called(member, room, before, name);
    tellName(member, why);
  }

  /** A member has another name. */
  #called(member: Member, room: Room, before: string, name: string): void {
    member.name = name;
    const { standing } = member;
    this.#emitPresence(room, "renamed", before, standing, name);
    if (room.members.size > this.options.presenceMembers) return;
    room.say(
      () => plainNotice(`${before} is ${markedName(name, standing)} now`),
      () => richLine("renamed", { room: room.name, name: before, to: name }),
      undefined,
      member,
    );
  }

  #announce(room: Room, member: Member, kind: "came" | "went", reason?: string): void {
    const { name, standing } = member;
    this.#emitPresence(room, kind, name, standing, reason);
    if (room.members.size > this.options.presenceMembers) return;
    const who = markedName(name, standing);
    const why = reason === undefined ? "" : ` (${reason})`;
    room.say(
      () => plainNotice(`${who} ${kind === "came" ? "came" : "left"}${why}`),
      () => richLine(kind, { room: room.name, name, reason }),
    );
  }

  #emitPresence(
    room: Room,
    kind: "came" | "went" | "renamed",
    name: string,
    standing: Standing,
    text: string | undefined,
  ): void {
    this.context.emit({
      event: "chat",
      time: isoTime(this.now()),
      room: room.name,
      kind,
      name,
      standing,
      ...(text !== undefined && { text }),
    });
  }

  /** Keeps a name from whoever cannot prove that it is theirs. */
  #keepName(name: string): void {
    const key = lookalikeKey(name);
    this.#verified.delete(key);
    this.#verified.add(key);
    if (this.#verified.size <= MAX_VERIFIED_NAMES) return;
    this.#verified.delete(this.#verified.values().next().value!);
  }

  #schedule(room: Room): void {
    this.#dirty.add(room);
    if (this.#flushTimer !== undefined || this.#flushSoon !== undefined) return;
    const waitMs = Math.min(FLUSH_INTERVAL_MS, this.#busyUntilMs - OWED_MS - performance.now());
    if (waitMs > 0) this.#flushTimer = setTimeout(this.#flush, waitMs);
    else this.#flushSoon = setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#clearFlush();
    const rooms = [...this.#dirty];
    this.#dirty.clear();
    let told = 0;
    for (const room of rooms) told += room.flush();
    const nowMs = performance.now();
    this.#busyUntilMs = Math.min(
      Math.max(this.#busyUntilMs, nowMs) + told * HAND_OVER_MS,
      nowMs + OWED_MS + FLUSH_INTERVAL_MS,
    );
  };

  #clearFlush(): void {
    clearTimeout(this.#flushTimer);
    clearImmediate(this.#flushSoon);
    this.#flushTimer = this.#flushSoon = undefined;
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

/** The room that a member is in.
 * @throws {RefusedError} when it is in none */
export function roomOf(member: Member): Room {
  if (member.room === undefined) {
    throw new RefusedError("bad-request", "say hello first");
  }
  return member.room;
}

function tellName(member: Member, why: string): void {
  const { name, standing } = member;
  member.tell(
    member.wire === "plain"
      ? plainNotice(`you are ${name} now: ${why}`)
      : richLine("named", { name, standing }),
  );
}

/** Whether it is whoever runs the server, who stays. */
function isHost(member: Member): boolean {
  return member.options.outbox === undefined;
}

function nobody(name: string, room: Room): RefusedError {
  const shown = name.slice(0, 64);
  return new RefusedError("no-such-member", `nobody in ${room.name} is called ${shown}`);
}

function spokenReason(reason: string, member: Member): string {
  const by = `by ${member.name}`;
  return reason.trim() === "" ? by : `${by}: ${spokenText(reason, MAX_REASON_BYTES)}`;
}
