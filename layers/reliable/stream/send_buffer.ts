// The messages that are still to be sent or acknowledged: a stream of bytes in which each comes after
// its length.

import { RangeSet } from "./range_set.ts";
import type { Room } from "./room.ts";
import { StreamPages } from "./stream_pages.ts";
import { writeUint32 } from "../wire/prefix.ts";

/** The share of its capacity that a buffer always has, however little room is left for all. */
const LEAST_SHARE = 1 / 16;

/** The length of a message, which stands before it in the stream. */
export const MESSAGE_HEADER_BYTES = 4;

export interface StreamPart {
  readonly start: number;
  readonly end: number;
}

/** Holds a bounded part of the stream, from the first byte that is not acknowledged on. */
export class SendBuffer {
  readonly #capacityBytes: number;
  readonly #room: Room;
  readonly #pages = new StreamPages();
  #chargedBytes = 0;
  readonly #header = new Uint8Array(MESSAGE_HEADER_BYTES);
  /** Acknowledged before what comes below it. */
  readonly #ahead = new RangeSet();
  readonly #lost = new RangeSet();
  /** Where each message ends that is not acknowledged, from `#firstEnd` on. */
  #ends: number[] = [];
  #firstEnd = 0;
  #messageStart = 0;
  #acknowledgedMessages = 0;
  /** All below was acknowledged. */
  acknowledged = 0;
  /** All below was sent once. */
  sent = 0;
  /** The end of what was written. */
  written = 0;
  /** Where the message that is being written ends. */
  #messageEnd = 0;

  /** @param room the memory that it shares with others */
  constructor(capacityBytes: number, room: Room) {
    this.#capacityBytes = capacityBytes;
    this.#room = room;
  }

  /** How many bytes can be written now. */
  get roomBytes(): number {
    // Where room is scarce, no buffer takes much of it.
    const share = Math.max(this.#capacityBytes * LEAST_SHARE, Math.floor(this.#room.bytes / 2));
    const held = this.written - this.acknowledged;
    return Math.max(0, Math.min(this.#capacityBytes, share) - held);
  }

  /** How many messages the peer has whole. */
  get acknowledgedMessages(): number {
    return this.#acknowledgedMessages;
  }

  /** How many bytes of messages the peer has, in order. */
  get acknowledgedBytes(): number {
    const begun = this.acknowledged > this.#messageStart
      ? Math.min(MESSAGE_HEADER_BYTES, this.acknowledged - this.#messageStart)
      : 0;
    return this.acknowledged - MESSAGE_HEADER_BYTES * this.#acknowledgedMessages - begun;
  }

  /** Whether something has to be sent again. */
  get hasLost(): boolean {
    return this.#lost.bounds.length > 0;
  }

  /** Begins a message, for whose length there must be room; its bytes follow with `write`. */
  begin(length: number): void {
    writeUint32(this.#header, 0, length);
    this.#append(this.#header);
    this.#messageEnd = this.written + length;
    if (length === 0) this.#ends.push(this.#messageEnd);
  }

  /** Writes as much of a message as there is room for and returns how much that was. */
  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.roomBytes);
    if (count === 0) return 0;
    this.#append(count === bytes.length ? bytes : bytes.subarray(0, count));
    if (this.written === this.#messageEnd) this.#ends.push(this.#messageEnd);
    return count;
  }

  /** The next part to send, what was lost first; null when there is none.
   * @param limit the offset up to which the peer takes anything */
  next(maxBytes: number, limit: number): StreamPart | null {
    if (this.#lost.bounds.length > 0) {
      const [start = 0, end = 0] = this.#lost.bounds;
      return { start, end: Math.min(end, start + maxBytes) };
    }
    const end = Math.min(this.written, this.sent + maxBytes, limit);
    return end > this.sent ? { start: this.sent, end } : null;
  }

  /** The first part from an offset on that is not acknowledged, for a probe; null when all is. */
  unacknowledged(from: number, maxBytes: number): StreamPart | null {
    let start = Math.max(from, this.acknowledged);
    let limit = this.sent;
    const { bounds } = this.#ahead;
    for (let index = 0; index < bounds.length; index += 2) {
      const [known, knownEnd] = [bounds[index]!, bounds[index + 1]!];
      if (start < known) {
        limit = known;
        break;
      }
      start = Math.max(start, knownEnd);
    }
    return start < limit ? { start, end: Math.min(limit, start + maxBytes) } : null;
  }

  /** A part goes out: copies it. */
  take({ start, end }: StreamPart, into: Uint8Array): void {
    this.#pages.read(start, into);
    if (end > this.sent) this.sent = end;
    this.#lost.remove(start, end);
  }

  acknowledge(start: number, end: number): void {
    if (end <= this.acknowledged) return;
    this.#lost.remove(start, end);
    if (start > this.acknowledged) {
      this.#ahead.add(start, end);
      return;
    }
    this.acknowledged = end;
    const { bounds } = this.#ahead;
    while (bounds.length > 0 && bounds[0]! <= this.acknowledged) {
      this.acknowledged = Math.max(this.acknowledged, bounds[1]!);
      bounds.splice(0, 2);
    }
    this.#countMessages();
    if (this.acknowledged === this.written) this.#pages.clear();
    else this.#pages.dropBelow(this.acknowledged);
    this.#charge();
  }

  lose(start: number, end: number): void {
    let from = Math.max(start, this.acknowledged);
    const { bounds } = this.#ahead;
    for (let index = 0; index < bounds.length && from < end; index += 2) {
      const [known, knownEnd] = [bounds[index]!, bounds[index + 1]!];
      if (knownEnd <= from) continue;
      if (known >= end) break;
      this.#lost.add(from, known);
      from = knownEnd;
    }
    this.#lost.add(from, end);
  }

  /** Gives all memory back; nothing may be written or sent afterwards. */
  release(): void {
    this.#pages.clear();
    this.#charge();
  }

  #append(bytes: Uint8Array): void {
    this.#pages.write(this.written, bytes);
    this.written += bytes.length;
    this.#charge();
  }

  #charge(): void {
    const held = this.#pages.committedBytes;
    this.#room.take(held - this.#chargedBytes);
    this.#chargedBytes = held;
  }

  #countMessages(): void {
    const ends = this.#ends;
    while (this.#firstEnd < ends.length && ends[this.#firstEnd]! <= this.acknowledged) {
      this.#messageStart = ends[this.#firstEnd++]!;
      this.#acknowledgedMessages++;
    }
    // Now and then, so that each costs little.
    if (this.#firstEnd === ends.length || this.#firstEnd > 1024) {
      this.#ends = ends.slice(this.#firstEnd);
      this.#firstEnd = 0;
    }
  }
}
