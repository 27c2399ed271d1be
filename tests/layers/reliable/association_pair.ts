/** Two associations and a network between them that loses, doubles, delays and damages, on a clock
 * that a test moves on. */

import { createCounters } from "../../../core/counters.ts";
import type { Counters } from "../../../core/counters.ts";
import { Association } from "../../../layers/reliable/association.ts";
import type {
  AssociationEnd,
  AssociationOptions,
} from "../../../layers/reliable/association_options.ts";
import { PacketReader } from "../../../layers/reliable/wire/packet.ts";
import { Room } from "../../../layers/reliable/stream/room.ts";
import { kindOf, kinds } from "../../../layers/reliable/wire/prefix.ts";
import { VirtualClock } from "../virtual_clock.ts";

/** What a network does to datagrams: chances from 0 to 1, times in milliseconds. */
export interface Weather {
  readonly loss?: number;
  readonly duplicates?: number;
  readonly corruption?: number;
  /** One way. @default 10 */
  readonly delayMs?: number;
  /** Up to this much more, so that datagrams overtake each other. @default 0 */
  readonly jitterMs?: number;
  /** Nothing larger gets through. */
  readonly maxBytes?: number;
  /** The system says so to the sender instead. */
  readonly refusesAboveBytes?: number;
  /** The chance that a datagram meets the jitter; the others take the delay alone. @default 1 */
  readonly jittered?: number;
  /** From when to when nothing gets through. */
  readonly blackout?: readonly [fromMs: number, toMs: number];
}

/** One end, and what came out of it. */
export class End {
  readonly messages: Uint8Array[] = [];
  readonly counters: Counters = createCounters();
  readonly packet: PacketReader = new PacketReader();
  association!: Association;
  finished = false;
  end: AssociationEnd | undefined;
  /** Datagrams that it sent, while a test wants them. */
  record: Uint8Array[] | undefined;
  /** Whether messages count as read when they arrive. */
  reads = true;
}

/** An open association in memory. */
export class AssociationPair {
  readonly clock: VirtualClock = new VirtualClock(0);
  readonly left: End = new End();
  readonly right: End = new End();
  weather: Weather;
  /** Datagrams that were handed to the network. */
  sent = 0;
  /** Whether the network loses a datagram, besides what the weather does. */
  loses: () => boolean = () => false;
  readonly #random: () => number;

  constructor(
    random: () => number,
    weather: Weather = {},
    options: Partial<AssociationOptions> = {},
  ) {
    this.#random = random;
    this.weather = weather;
    const ids = [{ high: 1, low: 2 }, { high: 3, low: 4 }] as const;
    const ends = [this.left, this.right] as const;
    ends.forEach((end, index) => {
      const other = ends[1 - index]!;
      const full: AssociationOptions = {
        clock: this.clock,
        random,
        counters: end.counters,
        terms: { maxMessageBytes: 1 << 20, windowBytes: 64 * 1024 },
        sendBufferBytes: 64 * 1024,
        maxUnreadMessages: 256,
        rooms: { unread: new Room(1 << 20), unacknowledged: new Room(1 << 20) },
        datagramBytes: 1200,
        largestDatagramBytes: 1200,
        control: "cubic",
        kernelBuffer: undefined,
        timeoutMs: 30_000,
        keepAliveMs: 15_000,
        idleMs: Infinity,
        ...options,
      };
      end.association = new Association(ids[index]!, ids[1 - index]!, full.terms, full, {
        buffer: (bytes) => new Uint8Array(bytes),
        transmit: (bytes, length) => {
          end.record?.push(bytes.slice(0, length));
          if (length > (this.weather.refusesAboveBytes ?? Infinity)) {
            queueMicrotask(() => end.association.refused(length));
            return;
          }
          this.#carry(bytes.subarray(0, length), other);
        },
        delivered: (message) => {
          end.messages.push(message.slice());
          if (end.reads) queueMicrotask(() => end.association.consumed(message.length));
        },
        peerFinished: () => end.finished = true,
        ended: (reason) => end.end = reason,
      });
    });
  }

  /** A datagram arrives, as it would from the network. */
  deliver(to: End, bytes: Uint8Array): void {
    if (kindOf(bytes) === kinds.data) to.association.receive(bytes, to.packet);
    else to.counters.malformed++;
  }

  /** Runs until nothing more happens, or `isDone`, or this much time has passed. */
  async run(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    for (;;) {
      // What was handed over leaves at the end of the turn, and what it resolves takes a few more.
      for (let turn = 0; turn < 6; turn++) await Promise.resolve();
      if (isDone() || this.clock.elapsedMs() >= untilMs) return;
      if (!this.clock.step(untilMs - this.clock.elapsedMs())) return;
    }
  }

  #carry(datagram: Uint8Array, to: End): void {
    this.sent++;
    if (datagram.length > (this.weather.maxBytes ?? Infinity)) return;
    if (this.loses()) return;
    const { loss = 0, duplicates = 0, corruption = 0, blackout } = this.weather;
    const { delayMs = 10, jitterMs = 0, jittered = 1 } = this.weather;
    const random = this.#random;
    const now = this.clock.elapsedMs();
    if (blackout !== undefined && now >= blackout[0] && now < blackout[1]) return;
    const copies = random() < duplicates ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (random() < loss) continue;
      const bytes = datagram.slice();
      if (random() < corruption) {
        const at = Math.floor(random() * bytes.length);
        bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
      }
      const extraMs = jittered === 1 || random() < jittered ? random() * jitterMs : 0;
      this.clock.after(delayMs + extraMs, () => this.deliver(to, bytes));
    }
  }
}

/** A message that tells itself apart from others: its bytes follow from its number. */
export function messageOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = number * 2654435761 + length;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
