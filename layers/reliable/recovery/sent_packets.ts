// The sending side of loss recovery in the layer reliable: it keeps the packets that are on their
// way, and tells which are lost (RACK, RFC 8985 6).

import type { DeliveryState } from "./delivery_rate.ts";
import { Reordering } from "./reordering.ts";
import type { RoundTrip } from "./round_trip.ts";

/** How many later packets must have arrived for one to be lost, on a path that never reordered any. */
const REORDERED_PACKETS = 3;

/** How finely timers work. */
const GRANULARITY_MS = 1;

/** How many lost packets are remembered, in case one arrives after all. The peer keeps a gap for each
 * in its acknowledgements, whose ranges are few. */
const MAX_REMEMBERED = 16;

/** A packet that asked for an acknowledgement. */
export interface SentPacket {
  readonly number: number;
  readonly sentAtMs: number;
  /** Of the datagram. */
  readonly bytes: number;
  /** About how much of the receiving socket's buffer it takes. */
  readonly kernelBytes: number;
  /** The part of the stream in it; empty when there is none. */
  readonly start: number;
  readonly end: number;
  /** Whether it says that the stream ends. */
  readonly finish: boolean;
  /** Whether it only finds out whether the path takes a datagram of its size: its loss says nothing
   * else. */
  readonly isSizeProbe: boolean;
  /** What the congestion control keeps of it. */
  readonly delivery: DeliveryState | undefined;
}

/** A lost packet; until one from this number on is acknowledged, it may still arrive. */
interface Remembered {
  readonly packet: SentPacket;
  readonly until: number;
}

/** Told which packets an acknowledgement settles. */
interface SentEvents {
  acknowledged(packet: SentPacket): void;
  lost(packet: SentPacket): void;
  /** It was told to be lost, and has arrived. */
  mistaken(packet: SentPacket): void;
}

/** Remembers packets from the oldest on whose fate is open. */
export class SentPackets {
  readonly #events: SentEvents;
  /** From `#head` on those from number `#first` on; null stands for one that is settled, or
   * that asked for no acknowledgement. */
  #packets: (SentPacket | null)[] = [];
  #head = 0;
  #first = 0;
  /** Lost packets whose late acknowledgement would be noticed, the oldest first. */
  #remembered: Remembered[] = [];
  readonly #reordering = new Reordering();
  #bytes = 0;
  #kernelBytes = 0;
  #count = 0;
  /** The number of the next packet. */
  next = 0;
  /** The highest number that was acknowledged; -1 at first. */
  largestAcknowledged = -1;
  /** When the oldest packet counts as lost unless it is acknowledged; Infinity when nothing waits. */
  lossAtMs = Infinity;

  constructor(events: SentEvents) {
    this.#events = events;
  }

  /** Bytes of the datagrams on their way, without probes of a size, which nothing waits for. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The room that these datagrams take in the buffer of the receiving socket. */
  get kernelBytes(): number {
    return this.#kernelBytes;
  }

  get count(): number {
    return this.#count;
  }

  /** The lowest packet number whose fate is open. */
  get oldest(): number {
    return this.#first;
  }

  /** The lowest packet number whose acknowledgement would still tell anything. */
  get oldestOfInterest(): number {
    const remembered = this.#remembered;
    while (remembered.length > 0 && remembered[0]!.until <= this.largestAcknowledged) {
      remembered.shift();
    }
    const open = this.#count === 0 ? this.next : this.#first;
    return Math.min(open, remembered[0]?.packet.number ?? open);
  }

  /** A packet that asks for an acknowledgement; its number must be `next`. */
  add(packet: SentPacket): void {
    this.#packets.push(packet);
    this.next++;
    this.#bytes += windowBytes(packet);
    this.#kernelBytes += packet.kernelBytes;
    this.#count++;
  }

  /** A number is used up by a packet that asks for no acknowledgement. */
  skip(): void {
    this.next++;
    if (this.#count === 0) {
      this.#packets.length = this.#head = 0;
      this.#first = this.next;
    } else {
      this.#packets.push(null);
    }
  }

  /** Packets from `start` to before `end` came. Returns the highest that was on its way, or null. */
  acknowledge(start: number, end: number): SentPacket | null {
    let highest: SentPacket | null = null;
    if (this.#remembered.length > 0) this.#noticeMistakes(start, end);
    for (let number = Math.max(start, this.#first); number < end; number++) {
      const index = this.#head + number - this.#first;
      const packet = this.#packets[index];
      if (packet === null || packet === undefined) continue;
      this.#packets[index] = null;
      this.#settle(packet);
      highest = packet;
      if (number < this.largestAcknowledged) this.#reordering.wasSeen = true;
      this.#events.acknowledged(packet);
    }
    if (end - 1 > this.largestAcknowledged) this.largestAcknowledged = end - 1;
    return highest;
  }

  /** Looks for lost packets; call it after `acknowledge` and at `lossAtMs`. */
  detectLoss(nowMs: number, { recentMs, minMs, timeoutMs }: RoundTrip): void {
    this.lossAtMs = Infinity;
    const { wasSeen } = this.#reordering;
    const windowMs = this.#reordering.windowMs(minMs, timeoutMs);
    const lateMs = recentMs + Math.max(GRANULARITY_MS, windowMs);
    const last = Math.min(this.largestAcknowledged, this.next) - this.#first;
    for (let index = 0; index < last; index++) {
      const packet = this.#packets[this.#head + index];
      if (packet === null || packet === undefined) continue;
      const lostAtMs = packet.sentAtMs + lateMs;
      const isOvertaken = !wasSeen && this.largestAcknowledged - packet.number >= REORDERED_PACKETS;
      if (isOvertaken || lostAtMs <= nowMs) {
        this.#packets[this.#head + index] = null;
        this.#settle(packet);
        this.#reordering.lost(packet.number, this.next);
        this.#remember(packet);
        this.#events.lost(packet);
      } else {
        // All that follow were sent later, and none of them is lost sooner.
        this.lossAtMs = lostAtMs;
        break;
      }
    }
    this.#trim();
  }

  /** Counts as lost what is below a number and on its way. */
  loseBelow(number: number): void {
    this.#remembered = this.#remembered.filter(({ packet }) => packet.number >= number);
    if (number <= this.#first) return;
    for (let index = this.#head; index < this.#head + number - this.#first; index++) {
      const packet = this.#packets[index];
      if (packet === null || packet === undefined) continue;
      this.#packets[index] = null;
      this.#settle(packet);
      this.#events.lost(packet);
    }
    this.#trim();
  }

  #remember(packet: SentPacket): void {
    this.#remembered.push({ packet, until: this.next });
    if (this.#remembered.length > MAX_REMEMBERED) this.#remembered.shift();
  }

  /** Lost packets from `start` to before `end` came. */
  #noticeMistakes(start: number, end: number): void {
    this.#remembered = this.#remembered.filter(({ packet }) => {
      if (packet.number < start || packet.number >= end) return true;
      this.#reordering.mistaken(packet.number, this.next);
      this.#events.mistaken(packet);
      return false;
    });
  }

  #settle(packet: SentPacket): void {
    this.#bytes -= windowBytes(packet);
    this.#kernelBytes -= packet.kernelBytes;
    this.#count--;
  }

  #trim(): void {
    const packets = this.#packets;
    if (this.#count === 0) {
      packets.length = this.#head = 0;
      this.#first = this.next;
      return;
    }
    while (packets[this.#head] === null) {
      this.#head++;
      this.#first++;
    }
    if (this.#head > 256 && this.#head > packets.length / 2) {
      packets.splice(0, this.#head);
      this.#head = 0;
    }
  }
}

function windowBytes({ bytes, isSizeProbe }: SentPacket): number {
  return isSizeProbe ? 0 : bytes;
}
