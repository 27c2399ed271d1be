// A history in memory, which is lost with the process, and one that keeps nothing at all.

import { type Clock, systemClock } from "../../../core/clock.ts";
import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { ChatMessage, NewMessage } from "../message.ts";
import type { Retention } from "../store.ts";
import { holdsWords, queryWords } from "./search_words.ts";

/** How much is kept; the oldest messages are dropped first. */
export interface MemoryLimits extends Retention {
  /** The most messages of all rooms together. @default 100000 */
  readonly totalMessages?: number;
  /** The most bytes of all rooms together: two for each UTF-16 unit, 300 for each message.
   * @default 67108864 */
  readonly totalBytes?: number;
}

/** How many ids are remembered after their messages were dropped. */
const MAX_IDS = 10_000;

/** About how many bytes a message takes besides its text. */
const MESSAGE_BYTES = 300;

/** Opens an empty log. */
export function createMemoryLog(
  limits: MemoryLimits,
  hooks: LogHooks,
  clock: Clock = systemClock,
): ChatLog {
  return new MemoryLog(limits, hooks, clock);
}

/** Opens a log that keeps nothing but the last ids: messages are passed on and forgotten. */
export function createNoLog(hooks: LogHooks, clock: Clock = systemClock): ChatLog {
  return new MemoryLog({ messages: 0, ageMs: Infinity }, hooks, clock);
}

interface Placed extends ChatMessage {
  readonly seq: number;
}

/** The messages of one room: those from `start` on, the places before it are free. */
interface KeptRoom {
  messages: Placed[];
  start: number;
}

class MemoryLog implements ChatLog {
  readonly #limits: Required<MemoryLimits>;
  readonly #hooks: LogHooks;
  readonly #clock: Clock;
  readonly #rooms = new Map<string, KeptRoom>();
  /** The places of the messages that are kept, by id. */
  readonly #kept = new Map<string, number>();
  /** The places of messages that were dropped, by id: one that comes again is a duplicate. */
  readonly #gone = new Map<string, number>();
  #bytes = 0;
  #lastSeq: number;
  #closed = false;

  constructor(limits: MemoryLimits, hooks: LogHooks, clock: Clock) {
    this.#limits = { totalMessages: 100_000, totalBytes: 64 * 1024 * 1024, ...limits };
    this.#hooks = hooks;
    this.#clock = clock;
    // Above the places of an earlier run, so that a client that comes back misses nothing.
    this.#lastSeq = clock.now();
  }

  // deno-lint-ignore require-await -- so that what a hook throws is a rejection
  async append(message: NewMessage): Promise<Receipt> {
    if (this.#closed) throw new Error("The chat is closed");
    const { id } = message;
    const known = this.#kept.get(id) ?? this.#gone.get(id);
    if (known !== undefined) return { id, seq: known, scope: "memory", duplicate: true };
    const placed: Placed = { ...message, seq: ++this.#lastSeq };
    this.#keep(placed);
    this.#hooks.deliver(placed);
    return { id, seq: placed.seq, scope: "memory", duplicate: false };
  }

  // deno-lint-ignore require-await
  async last(name: string, count: number, before = Infinity): Promise<readonly ChatMessage[]> {
    const { messages, start } = this.#room(name);
    const end = Math.max(start, placeAfter(messages, before - 1));
    return messages.slice(Math.max(start, end - wholeCount(count)), end);
  }

  // deno-lint-ignore require-await
  async after(name: string, seq: number, count: number): Promise<readonly ChatMessage[]> {
    const { messages, start } = this.#room(name);
    const from = Math.max(start, placeAfter(messages, seq));
    return messages.slice(from, from + wholeCount(count));
  }

  // deno-lint-ignore require-await
  async search(name: string, query: string, count: number): Promise<readonly ChatMessage[]> {
    const words = queryWords(query);
    const limit = wholeCount(count);
    const found: ChatMessage[] = [];
    if (words.length === 0) return found;
    const { messages, start } = this.#room(name);
    for (let place = messages.length - 1; place >= start && found.length < limit; place--) {
      const message = messages[place]!;
      if (holdsWords(message.text, words)) found.push(message);
    }
    return found.reverse();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#rooms.clear();
    this.#kept.clear();
    return Promise.resolve();
  }

  /** A room, without its messages that are too old by now; an empty one when there is none. */
  #room(name: string): KeptRoom {
    const room = this.#rooms.get(name);
    if (room === undefined) return { messages: [], start: 0 };
    this.#dropOld(name, room);
    return room;
  }

  #keep(message: Placed): void {
    const { messages, totalMessages, totalBytes } = this.#limits;
    const room = this.#rooms.get(message.room) ?? { messages: [], start: 0 };
    this.#rooms.set(message.room, room);
    room.messages.push(message);
    this.#kept.set(message.id, message.seq);
    this.#bytes += bytesOf(message);
    this.#dropOld(message.room, room);
    while (room.messages.length - room.start > messages) this.#dropFirst(message.room, room);
    while (this.#kept.size > totalMessages || this.#bytes > totalBytes) {
      this.#dropFirst(...this.#oldestRoom(message.room, room));
    }
  }

  /** The room with the oldest message. It looks at every room: there are not many. */
  #oldestRoom(name: string, room: KeptRoom): [name: string, room: KeptRoom] {
    let oldest: [name: string, room: KeptRoom] = [name, room];
    for (const one of this.#rooms) if (firstSeq(one[1]) < firstSeq(oldest[1])) oldest = one;
    return oldest;
  }

  #dropOld(name: string, room: KeptRoom): void {
    const oldestMs = this.#clock.now() - this.#limits.ageMs;
    while ((room.messages[room.start]?.timeMs ?? Infinity) < oldestMs) this.#dropFirst(name, room);
  }

  #dropFirst(name: string, room: KeptRoom): void {
    const message = room.messages[room.start];
    if (message === undefined) return;
    room.start++;
    this.#kept.delete(message.id);
    this.#gone.set(message.id, message.seq);
    if (this.#gone.size > MAX_IDS) this.#gone.delete(this.#gone.keys().next().value!);
    this.#bytes -= bytesOf(message);
    if (room.start === room.messages.length) this.#rooms.delete(name);
    // Only when half of the array is free, so that each message is moved about once.
    if (room.start * 2 >= room.messages.length) {
      room.messages.splice(0, room.start);
      room.start = 0;
    }
  }
}

function firstSeq({ messages, start }: KeptRoom): number {
  return messages[start]?.seq ?? Infinity;
}

function bytesOf({ id, name, text }: ChatMessage): number {
  return MESSAGE_BYTES + 2 * (id.length + name.length + text.length);
}

function wholeCount(count: number): number {
  return Math.max(0, Math.floor(count) || 0);
}

/** How many of the messages, in the order of their places, stand at or before a place. */
function placeAfter(messages: readonly Placed[], seq: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (messages[middle]!.seq <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
