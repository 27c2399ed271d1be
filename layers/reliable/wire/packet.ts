// The datagrams of an open association of the layer reliable: a packet number and frames
// (docs/reliable.md).

import {
  type ConnectionId,
  kinds,
  PREFIX_BYTES,
  readConnectionId,
  readUint16,
  readUint48,
  sealCrc,
  writeConnectionId,
  writePrefix,
  writeUint16,
  writeUint48,
} from "./prefix.ts";

/** The length of a packet before its frames. */
export const HEADER_BYTES = PREFIX_BYTES + 6 + 2;

/** The length of a STREAM frame before its bytes. */
export const STREAM_HEADER_BYTES = 1 + 6 + 2;

/** The first byte of a frame. */
const frames = {
  ...{ padding: 0, ping: 1, ack: 2, stream: 3, finish: 4, close: 5 },
  ...{ challenge: 6, response: 7, moved: 8 },
} as const;

/** The length of a PATH_CHALLENGE and of a PATH_RESPONSE. */
const PATH_FRAME_BYTES = 1 + 8;

/** The length of a packet with nothing but a PATH_CHALLENGE. */
export const CHALLENGE_BYTES = HEADER_BYTES + PATH_FRAME_BYTES;

/** Why an association is closed, in a CLOSE frame. */
export const closeCodes = {
  /** Both halves have ended and everything has arrived. */
  done: 0,
  /** The application that had the association is gone. */
  gone: 1,
  /** A message is larger than its receiver takes. */
  tooLarge: 2,
  /** Nothing was acknowledged for too long. */
  gaveUp: 3,
  /** The other side broke the protocol. */
  violation: 4,
} as const;

const ACK_HEADER_BYTES = 1 + 6 + 6 + 2 + 1;
const ACK_RANGE_BYTES = 4;

/** The most ranges in an acknowledgement. */
const MAX_ACK_RANGES = 64;

export const MAX_ACK_BYTES = ACK_HEADER_BYTES + MAX_ACK_RANGES * ACK_RANGE_BYTES;

/** The unit of the delay in an acknowledgement. */
const DELAY_UNIT_MS = 0.1;

/** The largest packet number and stream offset. */
const MAX_UINT48 = 2 ** 48 - 1;
const MAX_UINT16 = 2 ** 16 - 1;

/** Writes one packet after another into buffers that it is given. */
export class PacketWriter {
  readonly #id: ConnectionId;
  #bytes: Uint8Array = new Uint8Array(0);
  #end = 0;

  /** @param id the receiver's */
  constructor(id: ConnectionId) {
    this.#id = id;
  }

  /** @param oldest the lowest packet number whose acknowledgement is still of interest */
  begin(bytes: Uint8Array, number: number, oldest: number): void {
    this.#bytes = bytes;
    writePrefix(bytes, kinds.data, this.#id);
    writeUint48(bytes, PREFIX_BYTES, number);
    writeUint16(bytes, PREFIX_BYTES + 6, Math.min(MAX_UINT16, number - oldest));
    this.#end = HEADER_BYTES;
  }

  ping(): void {
    this.#bytes[this.#end++] = frames.ping;
  }

  /** Fills the packet up with PADDING. */
  pad(bytes: number): void {
    this.#bytes.fill(frames.padding, this.#end, bytes);
    this.#end = bytes;
  }

  close(code: number): void {
    this.#bytes[this.#end++] = frames.close;
    this.#bytes[this.#end++] = code;
  }

  /** Asks the peer to say a token back, which shows that it receives where this goes. */
  challenge(token: ConnectionId): void {
    this.#pathFrame(frames.challenge, token);
  }

  response(token: ConnectionId): void {
    this.#pathFrame(frames.response, token);
  }

  /** @param count how often the peer's address has changed */
  moved(count: number): void {
    this.#bytes[this.#end] = frames.moved;
    writeUint16(this.#bytes, this.#end + 1, count);
    this.#end += 3;
  }

  #pathFrame(frame: number, token: ConnectionId): void {
    this.#bytes[this.#end] = frame;
    writeConnectionId(this.#bytes, this.#end + 1, token);
    this.#end += PATH_FRAME_BYTES;
  }

  /** @param ranges first and last but one of each, one after another, all at `cumulative` or above; of
   * too many the last are written */
  ack(
    cumulative: number,
    window: number,
    delayMs: number,
    ranges: readonly number[],
  ): void {
    const bytes = this.#bytes;
    let at = this.#end;
    bytes[at] = frames.ack;
    writeUint48(bytes, at + 1, cumulative);
    writeUint48(bytes, at + 7, window);
    writeUint16(bytes, at + 13, Math.min(MAX_UINT16, Math.round(delayMs / DELAY_UNIT_MS)));
    const countAt = at + 15;
    at += ACK_HEADER_BYTES;
    let count = 0;
    let from = cumulative;
    const first = Math.max(0, ranges.length - 2 * MAX_ACK_RANGES);
    for (let index = first; index < ranges.length; index += 2) {
      const [start, end] = [ranges[index]!, ranges[index + 1]!];
      const gap = start - from;
      if (gap > MAX_UINT16) break;
      const length = Math.min(MAX_UINT16, end - start);
      writeUint16(bytes, at, gap);
      writeUint16(bytes, at + 2, length);
      at += ACK_RANGE_BYTES;
      count++;
      if (length < end - start) break;
      from = end;
    }
    bytes[countAt] = count;
    this.#end = at;
  }

  /** Begins a STREAM frame and says where its bytes go; they are there when `finish` is called. */
  stream(offset: number, length: number, finish: boolean): Uint8Array {
    const at = this.#end;
    this.#bytes[at] = finish ? frames.finish : frames.stream;
    writeUint48(this.#bytes, at + 1, offset);
    writeUint16(this.#bytes, at + 7, length);
    this.#end = at + STREAM_HEADER_BYTES + length;
    return this.#bytes.subarray(at + STREAM_HEADER_BYTES, this.#end);
  }

  /** Makes the packet whole and returns its length. */
  finish(): number {
    sealCrc(this.#bytes, this.#end);
    return this.#end;
  }
}

/** Reads one packet after another; it holds the last, whose bytes must not have changed. */
export class PacketReader {
  number = 0;
  /** The sender no longer needs acknowledgements of packets below this. */
  oldest = 0;
  /** Whether it asks for an acknowledgement. */
  eliciting = false;
  closeCode: number | null = null;
  /** What the other side wants to hear back, and what it has heard from us. */
  challenge: ConnectionId | null = null;
  response: ConnectionId | null = null;
  /** How often our address has changed, as the other side saw it; 0 when it does not say. */
  moved = 0;

  hasAck = false;
  /** All packets below this have arrived, or are no longer asked for. */
  cumulative = 0;
  /** The offset up to which the stream may be sent. */
  window = 0;
  delayMs = 0;
  /** First and last but one of each further range, one after another. */
  readonly ranges: number[] = [];

  hasStream = false;
  offset = 0;
  finish = false;
  /** The stream's bytes, a view. */
  data: Uint8Array = new Uint8Array(0);

  /** Reads a data packet whose prefix is good; false when it is not as the format says. */
  read(bytes: Uint8Array): boolean {
    if (bytes.length <= HEADER_BYTES) return false;
    this.number = readUint48(bytes, PREFIX_BYTES);
    this.oldest = this.number - readUint16(bytes, PREFIX_BYTES + 6);
    this.eliciting = this.hasAck = this.hasStream = false;
    this.closeCode = this.challenge = this.response = null;
    this.moved = 0;
    if (this.oldest < 0) return false;
    for (let at = HEADER_BYTES; at < bytes.length;) {
      switch (bytes[at]) {
        case frames.padding:
          at++;
          break;
        case frames.ping:
          this.eliciting = true;
          at++;
          break;
        case frames.close:
          if (at + 2 > bytes.length) return false;
          this.closeCode = bytes[at + 1]!;
          at += 2;
          break;
        case frames.challenge:
        case frames.response: {
          if (at + PATH_FRAME_BYTES > bytes.length) return false;
          const token = readConnectionId(bytes, at + 1);
          if (bytes[at] === frames.challenge) this.challenge = token;
          else this.response = token;
          at += PATH_FRAME_BYTES;
          break;
        }
        case frames.moved:
          if (at + 3 > bytes.length) return false;
          this.eliciting = true;
          this.moved = readUint16(bytes, at + 1);
          at += 3;
          break;
        case frames.ack: {
          const end = this.#readAck(bytes, at);
          if (end === 0) return false;
          at = end;
          break;
        }
        case frames.stream:
        case frames.finish: {
          // One of a kind in a packet: more are of no use, and one can be checked as a whole.
          if (this.hasStream || at + STREAM_HEADER_BYTES > bytes.length) return false;
          const start = at + STREAM_HEADER_BYTES;
          const end = start + readUint16(bytes, at + 7);
          if (end > bytes.length) return false;
          this.hasStream = this.eliciting = true;
          this.finish = bytes[at] === frames.finish;
          this.offset = readUint48(bytes, at + 1);
          this.data = bytes.subarray(start, end);
          if (this.offset + this.data.length > MAX_UINT48) return false;
          at = end;
          break;
        }
        default:
          return false;
      }
    }
    return true;
  }

  /** Returns where the next frame begins; 0 when this one is wrong. */
  #readAck(bytes: Uint8Array, at: number): number {
    if (this.hasAck || at + ACK_HEADER_BYTES > bytes.length) return 0;
    this.hasAck = true;
    this.cumulative = readUint48(bytes, at + 1);
    this.window = readUint48(bytes, at + 7);
    this.delayMs = readUint16(bytes, at + 13) * DELAY_UNIT_MS;
    const count = bytes[at + 15]!;
    let from = at + ACK_HEADER_BYTES;
    if (count > MAX_ACK_RANGES || from + count * ACK_RANGE_BYTES > bytes.length) return 0;
    this.ranges.length = 2 * count;
    let next = this.cumulative;
    for (let index = 0; index < count; index++) {
      const gap = readUint16(bytes, from);
      const length = readUint16(bytes, from + 2);
      if (gap === 0 || length === 0) return 0;
      this.ranges[2 * index] = next + gap;
      this.ranges[2 * index + 1] = next += gap + length;
      from += ACK_RANGE_BYTES;
    }
    return from;
  }
}
