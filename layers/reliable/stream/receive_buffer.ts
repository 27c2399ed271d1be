// The part of a peer's stream that has arrived: put in order, cut into messages, and held back while
// earlier messages are unread.

import { MessageReader } from "./message_reader.ts";
import { RangeSet } from "./range_set.ts";
import type { Room } from "./room.ts";
import { MESSAGE_HEADER_BYTES } from "./send_buffer.ts";
import { StreamPages } from "./stream_pages.ts";

/** How many parts of the stream may lie apart. With fewer gaps than this a peer loses nothing, and
 * one that makes gaps on purpose has to wait. */
const MAX_RANGES = 1024;

/** The memory that an unread message takes besides its bytes, about, and a range. */
const MESSAGE_MEMORY_BYTES = 128;
const RANGE_MEMORY_BYTES = 16;

/** The limits and the receiver of a receive buffer. */
interface ReceiveBufferOptions {
  readonly windowBytes: number;
  readonly maxMessageBytes: number;
  /** How many messages may be unread; the others stay in the stream. */
  readonly maxUnreadMessages: number;
  readonly room: Room;
  /** Called with each message in turn, which then belongs to the callee. */
  readonly deliver: (message: Uint8Array) => void;
}

/** The fate of a part of the stream: `invalid` breaks the rules, for `full` there is no room. */
type Taken = "taken" | "invalid" | "full";

export class ReceiveBuffer {
  readonly #options: ReceiveBufferOptions;
  readonly #reader: MessageReader;
  readonly #pages = new StreamPages();
  /** The parts of the stream that the pages hold. */
  readonly #ranges = new RangeSet();
  #next = 0;
  #unreadBytes = 0;
  #unreadMessages = 0;
  #chargedBytes = 0;
  /** The offset up to which the peer was told that it may send. */
  #granted: number;
  #length: number | undefined;
  #highest = 0;

  constructor(options: ReceiveBufferOptions) {
    this.#options = options;
    this.#granted = options.windowBytes;
    this.#reader = new MessageReader(options.maxMessageBytes);
  }

  /** How much more the peer could be granted than it was. */
  get grantable(): number {
    return Math.max(0, this.#limit() - this.#granted);
  }

  /** Whether the peer may be waiting for a grant: it has used most of what it had. */
  get nearlyUsed(): boolean {
    return this.#granted - this.#highest < this.#options.windowBytes / 4;
  }

  /** Whether all that the peer will ever send was delivered. */
  get isFinished(): boolean {
    return this.#length === this.#next;
  }

  /** Whether a part of the stream up to this offset is nothing new. */
  hasDelivered(end: number): boolean {
    return end <= this.#next;
  }

  /** The length of the message that was too large, if there was one. */
  get tooLarge(): number | undefined {
    return this.#reader.tooLarge;
  }

  /** Grants the peer what there is and returns the offset up to which it may send. */
  grant(): number {
    return this.#granted = Math.max(this.#granted, this.#limit());
  }

  /** Takes a part of the stream in.
   * @param finish whether the stream ends with it */
  take(offset: number, bytes: Uint8Array, finish: boolean): Taken {
    const end = offset + bytes.length;
    if (end > this.#granted || (this.#length !== undefined && end > this.#length)) return "invalid";
    if (finish) {
      if (end < this.#highest || (this.#length !== undefined && end !== this.#length)) {
        return "invalid";
      }
    }
    const isNext = offset <= this.#next && this.#ranges.bounds[0] !== this.#next;
    if (end > this.#next && !this.#hasRoom(offset, end, isNext)) return "full";
    if (finish) this.#length = end;
    if (end > this.#highest) this.#highest = end;
    if (end > this.#next) {
      if (isNext) {
        const read = this.#read(bytes, this.#next - offset);
        this.#next = offset + read;
        if (read < bytes.length) this.#keep(offset + read, bytes.subarray(read));
      } else {
        this.#keep(offset, bytes);
      }
      this.#readKept();
    }
    this.#charge();
    return "taken";
  }

  /** The application has read a message. */
  consumed(bytes: number): void {
    if (this.#unreadMessages === 0) return;
    this.#unreadMessages--;
    this.#unreadBytes = Math.max(0, this.#unreadBytes - bytes - MESSAGE_HEADER_BYTES);
    this.#readKept();
    this.#charge();
  }

  /** Gives back what it has of the room; nothing may be taken afterwards. */
  release(): void {
    this.#options.room.take(-this.#chargedBytes);
    this.#chargedBytes = 0;
    this.#pages.clear();
    this.#ranges.bounds.length = 0;
  }

  /** Whether there is room for a part of the stream.
   * @param isNext whether it can be read at once */
  #hasRoom(offset: number, end: number, isNext: boolean): boolean {
    const { room } = this.#options;
    const start = Math.max(offset, this.#next);
    if (isNext) return Math.max(end - start, this.#reader.costOf(end - start)) <= room.bytes;
    return this.#pages.costOf(start, end) <= Math.max(0, room.bytes) &&
      (this.#ranges.count < MAX_RANGES || this.#ranges.touches(start, end));
  }

  #limit(): number {
    const { windowBytes, room } = this.#options;
    // Where room is scarce, no peer is granted much of it at once.
    const window = Math.min(windowBytes, Math.max(room.bytes / 2, windowBytes / 16));
    // A message may be longer than the window, so what is held of one counts only while there is
    // something to read instead.
    const held = this.#unreadMessages > 0 ? this.#unreadBytes + this.#reader.heldBytes : 0;
    return this.#next + Math.max(0, Math.floor(window) - held);
  }

  #keep(offset: number, bytes: Uint8Array): void {
    const start = Math.max(offset, this.#next);
    this.#pages.write(start, bytes.subarray(start - offset));
    this.#ranges.add(start, offset + bytes.length);
  }

  /** Reads what is in order, as far as messages may be delivered. */
  #readKept(): void {
    const { bounds } = this.#ranges;
    while (bounds.length > 0 && bounds[0]! <= this.#next) {
      const end = bounds[1]!;
      if (end > this.#next) {
        const bytes = this.#pages.view(this.#next, end - this.#next);
        const read = this.#read(bytes, 0);
        this.#next += read;
        this.#ranges.remove(0, this.#next);
        if (read < bytes.length) break;
      } else {
        bounds.splice(0, 2);
      }
    }
    if (bounds.length === 0) this.#pages.clear();
    else this.#pages.dropBelow(this.#next);
  }

  /** Reads messages and returns where it stopped. */
  #read(bytes: Uint8Array, at: number): number {
    const { maxUnreadMessages, deliver } = this.#options;
    const reader = this.#reader;
    while (at < bytes.length) {
      if (this.#unreadMessages >= maxUnreadMessages || reader.tooLarge !== undefined) return at;
      at = reader.read(bytes, at);
      const { message } = reader;
      if (message === undefined) continue;
      this.#unreadMessages++;
      this.#unreadBytes += message.length + MESSAGE_HEADER_BYTES;
      deliver(message);
    }
    return at;
  }

  /** Charges the memory that is in use, which may be more than the bytes that arrived. */
  #charge(): void {
    const held = this.#unreadBytes + this.#unreadMessages * MESSAGE_MEMORY_BYTES +
      this.#reader.committedBytes + this.#pages.committedBytes +
      this.#ranges.count * RANGE_MEMORY_BYTES;
    this.#options.room.take(held - this.#chargedBytes);
    this.#chargedBytes = held;
  }
}
