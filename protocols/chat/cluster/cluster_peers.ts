// The other nodes of a cluster: their members, which member has which name, and private messages.
//
// Nothing of this is stored. Every node publishes a beat once a second with the number of changes
// among its members, and each change; a node that missed one asks for the whole list, page by page. A
// node that has been silent for some seconds is gone, and its names are free.
//
// A name is claimed by asking all nodes that are known. Two nodes that ask at the same moment hear of
// each other's claim, and the earlier one wins (by the nodes' clocks; by the node's id when they
// agree). A verified member gets the name from a plain one. Nodes that could not hear each other may
// both have given a name away; when they meet again, the same rule decides which keeps it.
//
// Long, because members, claims and changes are one table that is read in three ways.

import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { Standing } from "../message.ts";
import type { ChatPeerHooks, ChatPeers, RemoteMember } from "../peers.ts";
import { MemberList } from "./member_list.ts";
import {
  BAN_KEYS_PER_MESSAGE,
  decodeNodeMessage,
  encodeNodeMessage,
  type Entry,
  MEMBERS_PER_MESSAGE,
} from "./node_message.ts";
import type { Subjects } from "./subjects.ts";

const BEAT_MS = 1_000;
const SILENT_MS = 4_000;
/** How long changes are gathered before they are published. */
const GATHER_MS = 30;
/** A beat that greets is answered with one of ours at most once in this time. */
const GREET_MS = 100;
const CLAIM_TIMEOUT_MS = 400;
const EXPEL_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 1_000;
const MAX_NODES = 64;
const MAX_MEMBERS_PER_NODE = 20_000;
/** How many whispers, claims and expulsions may be under way. */
const MAX_REQUESTS = 1_000;
/** How many banned members of other nodes are remembered for nodes that come back. */
const MAX_ORDERS = 1_000;

interface Node {
  members: MemberList;
  /** The revision of the members that we have; -1 before we have any. */
  revision: number;
  seenMs: number;
  isAsked: boolean;
}

/** A question to all nodes, and those that have not answered it. */
interface OpenQuestion {
  readonly waiting: Set<string>;
  readonly decided: PromiseWithResolvers<boolean>;
}

interface OpenClaim extends OpenQuestion {
  readonly entry: Entry;
}

/** A member of another node that was banned. */
interface Order {
  readonly room: string;
  readonly name: string;
  readonly ban: boolean;
  readonly reason: string;
}

interface ClusterPeersOptions {
  readonly hooks: ChatPeerHooks;
  readonly subjects: Subjects;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The key of a name: two names with the same key are one. */
  nameKey(name: string): string;
}

export class ClusterPeers implements ChatPeers {
  /** The id of this node; a new one at each start. */
  readonly node = crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  readonly #hooks: ChatPeerHooks;
  readonly #subjects: Subjects;
  readonly #now: () => number;
  readonly #nameKey: (name: string) => string;
  readonly #own: MemberList;
  #revision = 0;
  /** Changes that are not published yet. */
  readonly #changes = new Map<string, { readonly room: string; readonly name: string }>();
  readonly #nodes = new Map<string, Node>();
  readonly #claims = new Map<number, OpenClaim>();
  readonly #expulsions = new Map<number, OpenQuestion>();
  readonly #orders = new Map<string, Order>();
  #lastRef = 0;
  #requests = 0;
  #connection: NatsConnection | undefined;
  #inbox = "";
  #beat: ReturnType<typeof setInterval> | undefined;
  #gather: ReturnType<typeof setTimeout> | undefined;
  #gatherBans: ReturnType<typeof setTimeout> | undefined;
  #greetedMs = 0;
  #dropped = 0;

  constructor({ hooks, subjects, now, nameKey }: ClusterPeersOptions) {
    this.#hooks = hooks;
    this.#subjects = subjects;
    this.#now = now;
    this.#nameKey = nameKey;
    this.#own = new MemberList(nameKey);
  }

  /** How many messages of other nodes could not be understood since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many other nodes are known. */
  get nodes(): number {
    return this.#nodes.size;
  }

  /** Joins the other nodes over a connection, until `leave`. */
  async join(connection: NatsConnection): Promise<void> {
    const { createInbox } = await import("./nats_library.ts");
    if (connection.isClosed()) return;
    this.#connection = connection;
    this.#inbox = createInbox();
    // The other nodes may have missed changes while we had no connection.
    this.#revision++;
    const { beat, change, claim, expel, ban, roster, whisper } = this.#subjects;
    this.#hear(beat, (message) => this.#heardBeat(message));
    this.#hear(change, (message) => this.#heardChange(message));
    this.#hear(claim, (message) => this.#heardClaim(message));
    this.#hear(expel, (message) => this.#heardExpulsion(message));
    this.#hear(ban, (message) => this.#heardBan(message));
    this.#hear(roster(this.node), (message) => this.#heardRosterRequest(message));
    this.#hear(whisper(this.node), (message) => this.#heardWhisper(message));
    this.#hear(this.#inbox, (message) => this.#heardAnswer(message));
    this.#sayBeat({ hello: true });
    // Those that were said while we had no connection.
    this.#sayBansSoon();
    this.#beat = setInterval(() => {
      this.#sayBeat();
      this.#sweep();
    }, BEAT_MS);
  }

  /** Forgets the other nodes, which cannot be reached any more. */
  leave(): void {
    clearInterval(this.#beat);
    clearTimeout(this.#gather);
    clearTimeout(this.#gatherBans);
    this.#gather = this.#gatherBans = undefined;
    this.#connection = undefined;
    this.#changes.clear();
    this.#nodes.clear();
    for (const { decided } of this.#claims.values()) decided.resolve(true);
    for (const { decided } of this.#expulsions.values()) decided.resolve(false);
  }

  async claim(room: string, name: string, standing: Standing): Promise<boolean> {
    const own = this.#own.find(room, name);
    if (own !== undefined) {
      // The name is ours already, and is now spelt in another way.
      const respelt = { ...own, name, standing };
      this.#own.set(respelt);
      this.#changed(respelt);
      return true;
    }
    for (const { members } of this.#nodes.values()) {
      const found = members.find(room, name);
      if (found !== undefined && !isAbove(standing, found.standing)) return false;
    }
    const entry: Entry = { room, name, standing, sinceMs: this.#now() };
    if (this.#connection !== undefined && this.#nodes.size > 0) {
      if (this.#claims.size >= MAX_REQUESTS) return false;
      if (!await this.#ask(entry)) return false;
    }
    this.#own.set(entry);
    this.#changed(entry);
    return true;
  }

  release(room: string, name: string): void {
    if (this.#own.find(room, name) === undefined) return;
    this.#own.delete(room, name);
    this.#changed({ room, name });
  }

  members(room: string): readonly RemoteMember[] {
    return [...this.#nodes.values()].flatMap(({ members }) =>
      Array.from(members.in(room), ({ name, standing, room }) => ({ name, standing, room }))
    );
  }

  rooms(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { members } of this.#nodes.values()) {
      for (const [room, count] of members.rooms()) {
        counts.set(room, (counts.get(room) ?? 0) + count);
      }
    }
    return counts;
  }

  async whisper(from: RemoteMember, to: string, text: string): Promise<boolean> {
    const connection = this.#connection;
    if (connection === undefined || this.#requests >= MAX_REQUESTS) return false;
    const { room, name, standing } = from;
    const data = encodeNodeMessage({ from: { room, name, standing }, to, text });
    const found = this.#nodeOf(room, to);
    // Of one who has just come we may not have heard yet.
    const asked = found === undefined ? [...this.#nodes.keys()] : [found];
    const answers = await Promise.all(
      asked.map((node) => this.#request(connection, this.#subjects.whisper(node), data)),
    );
    return answers.some((answer) =>
      answer !== undefined && decodeNodeMessage.whisperAnswer(answer)
    );
  }

  async expel(room: string, name: string, ban: boolean, reason: string): Promise<boolean> {
    if (this.#connection === undefined || this.#expulsions.size >= MAX_REQUESTS) return false;
    const order: Order = { room, name, ban, reason };
    const isKnown = this.#nodeOf(room, name) !== undefined;
    const ref = ++this.#lastRef;
    const question: OpenQuestion = {
      waiting: new Set(this.#nodes.keys()),
      decided: Promise.withResolvers(),
    };
    this.#expulsions.set(ref, question);
    if (isKnown || question.waiting.size === 0) question.decided.resolve(isKnown);
    // Who has just come may be there all the same.
    const timer = setTimeout(() => question.decided.resolve(false), EXPEL_TIMEOUT_MS);
    this.#say(this.#subjects.expel, { node: this.node, ref, ...order }, this.#inbox);
    const isThere = await question.decided.promise;
    clearTimeout(timer);
    this.#expulsions.delete(ref);
    if (isThere && ban) this.#remember(order);
    return isThere;
  }

  ban(keys: readonly string[]): void {
    this.#say(this.#subjects.ban, { node: this.node, keys });
  }

  /** Keeps the ban of a member whose node may stand still: it hears of it when it is back. */
  #remember(order: Order): void {
    const key = JSON.stringify([order.room, this.#nameKey(order.name)]);
    this.#orders.delete(key);
    this.#orders.set(key, order);
    if (this.#orders.size > MAX_ORDERS) this.#orders.delete(this.#orders.keys().next().value!);
  }

  /** Tells all nodes who is banned, in a moment: several may have come. */
  #sayBansSoon(): void {
    this.#gatherBans ??= setTimeout(() => {
      this.#gatherBans = undefined;
      const keys = this.#hooks.bans();
      for (let at = 0; at < keys.length; at += BAN_KEYS_PER_MESSAGE) {
        this.ban(keys.slice(at, at + BAN_KEYS_PER_MESSAGE));
      }
      for (const order of this.#orders.values()) {
        this.#say(this.#subjects.expel, { node: this.node, ...order });
      }
    }, GATHER_MS);
  }

  #nodeOf(room: string, name: string): string | undefined {
    return [...this.#nodes].find(([, { members }]) => members.find(room, name) !== undefined)?.[0];
  }

  /** Tells the other nodes that this one goes. The connection is closed by its owner. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#sayBeat({ bye: true });
    this.leave();
    return Promise.resolve();
  }

  #hear(subject: string, heard: (message: Msg) => void): void {
    this.#connection?.subscribe(subject, {
      callback: (error, message) => {
        // An error here is a missing permission on the broker, which ends the log's link and is told
        // there.
        if (error === null && this.#connection !== undefined) heard(message);
      },
    });
  }

  #say(subject: string, message: object, replyTo?: string): void {
    if (this.#connection === undefined || this.#connection.isClosed()) return;
    const options = replyTo === undefined ? {} : { reply: replyTo };
    this.#connection.publish(subject, encodeNodeMessage(message), options);
  }

  #answer({ reply }: Msg, message: object): void {
    if (reply) this.#say(reply, message);
  }

  /** The answer to a request, or undefined when none came in time. */
  async #request(
    connection: NatsConnection,
    subject: string,
    data: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    this.#requests++;
    try {
      return (await connection.request(subject, data, { timeout: REQUEST_TIMEOUT_MS })).data;
    } catch {
      return undefined; // Gone, silent, or too large for the broker.
    } finally {
      this.#requests--;
    }
  }

  #sayBeat(more: { readonly hello?: true; readonly bye?: true } = {}): void {
    this.#greetedMs = performance.now();
    this.#say(this.#subjects.beat, { node: this.node, revision: this.#revision, ...more });
  }

  #sweep(): void {
    const now = performance.now();
    for (const [id, { seenMs }] of this.#nodes) {
      if (now - seenMs > SILENT_MS) this.#forget(id);
    }
  }

  #forget(id: string): void {
    this.#nodes.delete(id);
    // Claims need not wait for the answer of a node that is gone.
    for (const claim of this.#claims.values()) this.#answered(claim, id);
    for (const question of this.#expulsions.values()) this.#denied(question, id);
  }

  /** The node that sent a message; undefined when it is this one, or one too many. */
  #from(id: string): Node | undefined {
    if (id === this.node) return undefined;
    let node = this.#nodes.get(id);
    if (node === undefined) {
      if (this.#nodes.size >= MAX_NODES) return undefined;
      node = { members: new MemberList(this.#nameKey), revision: -1, seenMs: 0, isAsked: false };
      this.#nodes.set(id, node);
    }
    node.seenMs = performance.now();
    return node;
  }

  #heardBeat({ data }: Msg): void {
    const beat = this.#understood(decodeNodeMessage.beat(data));
    if (beat === undefined || beat.node === this.node) return;
    if (beat.bye) {
      this.#forget(beat.node);
      return;
    }
    const node = this.#from(beat.node);
    if (node === undefined) return;
    if (node.revision !== beat.revision) this.#askRoster(beat.node, node);
    if (!beat.hello) return;
    if (performance.now() - this.#greetedMs > GREET_MS) this.#sayBeat();
    this.#sayBansSoon();
  }

  #heardChange({ data }: Msg): void {
    const change = this.#understood(decodeNodeMessage.change(data));
    if (change === undefined) return;
    const node = this.#from(change.node);
    if (node === undefined || node.isAsked) return;
    if (change.revision !== node.revision + 1) {
      this.#askRoster(change.node, node);
      return;
    }
    node.revision = change.revision;
    for (const { room, name } of change.went) node.members.delete(room, name);
    for (const entry of change.came) {
      if (node.members.size < MAX_MEMBERS_PER_NODE) node.members.set(entry);
    }
    for (const entry of change.came) this.#compare(entry, change.node);
  }

  /** Asks a node for all of its members. */
  async #askRoster(id: string, node: Node): Promise<void> {
    const connection = this.#connection;
    if (node.isAsked || connection === undefined) return;
    node.isAsked = true;
    const members = new MemberList(this.#nameKey);
    let revision = -1;
    for (let from = 0; from < MAX_MEMBERS_PER_NODE; from += MEMBERS_PER_MESSAGE) {
      const data = encodeNodeMessage({ from });
      const answer = await this.#request(connection, this.#subjects.roster(id), data);
      const page = answer && this.#understood(decodeNodeMessage.roster(answer));
      // If the list has changed meanwhile, the next beat makes us ask again.
      if (page === undefined || (from > 0 && page.revision !== revision)) break;
      revision = page.revision;
      for (const entry of page.members) members.set(entry);
      if (page.members.length === 0 || from + MEMBERS_PER_MESSAGE >= page.total) {
        node.members = members;
        node.revision = revision;
        break;
      }
    }
    node.isAsked = false;
    if (this.#connection !== connection || node.members !== members) return;
    for (const entry of members.all()) this.#compare(entry, id);
  }

  #heardRosterRequest(message: Msg): void {
    const from = this.#understood(decodeNodeMessage.rosterRequest(message.data));
    if (from === undefined) return;
    // The list has the gathered changes in it, so the revision has to count them.
    this.#sayChanges();
    const members: Entry[] = [];
    let at = 0;
    for (const entry of this.#own.all()) {
      if (at >= from + MEMBERS_PER_MESSAGE) break;
      if (at++ >= from) members.push(entry);
    }
    this.#answer(message, { revision: this.#revision, total: this.#own.size, members });
  }

  /** Gives up a name of ours that another node has had for longer, or has for a verified member. */
  #compare(theirs: Entry, node: string): void {
    const own = this.#own.find(theirs.room, theirs.name);
    if (own !== undefined && this.#goesBefore(theirs, node, own)) this.#lose(own);
    for (const { entry, decided } of this.#claimsOf(theirs.room, theirs.name)) {
      if (this.#goesBefore(theirs, node, entry)) decided.resolve(false);
    }
  }

  #lose({ room, name }: Entry): void {
    this.#own.delete(room, name);
    this.#changed({ room, name });
    this.#hooks.nameLost(room, name);
  }

  #goesBefore(theirs: Pick<Entry, "sinceMs" | "standing">, node: string, own: Entry): boolean {
    if (theirs.standing !== own.standing) return isAbove(theirs.standing, own.standing);
    return theirs.sinceMs === own.sinceMs ? node < this.node : theirs.sinceMs < own.sinceMs;
  }

  #claimsOf(room: string, name: string): OpenClaim[] {
    const key = this.#nameKey(name);
    return [...this.#claims.values()].filter(({ entry }) =>
      entry.room === room && this.#nameKey(entry.name) === key
    );
  }

  /** Asks all nodes for a name. */
  async #ask(entry: Entry): Promise<boolean> {
    const ref = ++this.#lastRef;
    const claim: OpenClaim = {
      entry,
      waiting: new Set(this.#nodes.keys()),
      decided: Promise.withResolvers(),
    };
    this.#claims.set(ref, claim);
    // A node that does not answer in time is not waited for. If it has the name, the rule above
    // decides once its members are read.
    const timer = setTimeout(() => claim.decided.resolve(true), CLAIM_TIMEOUT_MS);
    this.#say(this.#subjects.claim, { node: this.node, ref, ...entry }, this.#inbox);
    const isOurs = await claim.decided.promise;
    clearTimeout(timer);
    this.#claims.delete(ref);
    return isOurs;
  }

  #heardClaim(message: Msg): void {
    const claim = this.#understood(decodeNodeMessage.claim(message.data));
    if (claim === undefined || this.#from(claim.node) === undefined) return;
    const { room, name, ref, node } = claim;
    const own = this.#own.find(room, name);
    // The holder of a name keeps it, whatever the clock of the other node says.
    let taken = own !== undefined;
    if (own !== undefined && isAbove(claim.standing, own.standing)) {
      this.#lose(own);
      taken = false;
    }
    for (const { entry, decided } of this.#claimsOf(room, name)) {
      if (this.#goesBefore(claim, node, entry)) decided.resolve(false);
      else taken = true;
    }
    this.#answer(message, { node: this.node, ref, taken });
  }

  #heardAnswer({ data }: Msg): void {
    const expulsion = decodeNodeMessage.expulsionAnswer(data);
    if (expulsion !== undefined) return this.#heardExpulsionAnswer(expulsion);
    const answer = this.#understood(decodeNodeMessage.claimAnswer(data));
    const claim = answer && this.#claims.get(answer.ref);
    if (claim === undefined || !claim.waiting.has(answer!.node)) return;
    if (answer!.taken) claim.decided.resolve(false);
    else this.#answered(claim, answer!.node);
  }

  #heardExpulsionAnswer(
    { node, ref, done }: { readonly node: string; readonly ref: number; readonly done: boolean },
  ): void {
    const question = this.#expulsions.get(ref);
    if (question === undefined) return;
    if (done) question.decided.resolve(true);
    else this.#denied(question, node);
  }

  #denied({ waiting, decided }: OpenQuestion, node: string): void {
    if (waiting.delete(node) && waiting.size === 0) decided.resolve(false);
  }

  #answered({ waiting, decided }: OpenClaim, node: string): void {
    if (waiting.delete(node) && waiting.size === 0) decided.resolve(true);
  }

  #heardWhisper(message: Msg): void {
    const whisper = this.#understood(decodeNodeMessage.whisper(message.data));
    if (whisper === undefined) return;
    const { from, to, text } = whisper;
    this.#answer(message, { got: this.#hooks.whispered(from.room, to, from, text) });
  }

  #heardExpulsion(message: Msg): void {
    const expulsion = this.#understood(decodeNodeMessage.expulsion(message.data));
    if (expulsion === undefined || expulsion.node === this.node) return;
    const { ref, room, name, ban, reason } = expulsion;
    const done = this.#hooks.expelled(room, name, ban, reason);
    if (ref !== undefined) this.#answer(message, { node: this.node, ref, done });
  }

  #heardBan({ data }: Msg): void {
    const ban = this.#understood(decodeNodeMessage.ban(data));
    if (ban !== undefined && ban.node !== this.node) this.#hooks.banned(ban.keys);
  }

  #understood<T>(decoded: T | undefined): T | undefined {
    if (decoded === undefined) this.#dropped++;
    return decoded;
  }

  #changed({ room, name }: { readonly room: string; readonly name: string }): void {
    if (this.#connection === undefined) return;
    this.#changes.set(JSON.stringify([room, this.#nameKey(name)]), { room, name });
    this.#gather ??= setTimeout(() => this.#sayChanges(), GATHER_MS);
  }

  #sayChanges(): void {
    clearTimeout(this.#gather);
    this.#gather = undefined;
    const changes = [...this.#changes.values()];
    this.#changes.clear();
    for (let at = 0; at < changes.length; at += MEMBERS_PER_MESSAGE) {
      const came: Entry[] = [];
      const went: { readonly room: string; readonly name: string }[] = [];
      for (const place of changes.slice(at, at + MEMBERS_PER_MESSAGE)) {
        const entry = this.#own.find(place.room, place.name);
        if (entry === undefined) went.push(place);
        else came.push(entry);
      }
      this.#revision++;
      this.#say(this.#subjects.change, { node: this.node, revision: this.#revision, came, went });
    }
  }
}

/** Whether a member of one standing gets a name that a member of the other has. */
function isAbove(one: Standing, other: Standing): boolean {
  return one === "verified" && other === "plain";
}
