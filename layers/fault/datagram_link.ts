// One direction of a datagram network that misbehaves on purpose: it loses, delays, reorders,
// duplicates and corrupts datagrams, by chances that a seed repeats.

import { type Address, sameAddress } from "../../core/addresses/address.ts";
import type { Identity } from "../../core/session.ts";
import { smallBytes } from "../../core/sessions/small_bytes.ts";
import { type Decisions, type FaultWork, note } from "./deeds.ts";
import { DelayLine } from "./delay_line.ts";
import { Pace, slowQueueBytes } from "./pace.ts";
import { seededRandom } from "./random.ts";
import { type LinkFaults, NO_FAULTS } from "./spec.ts";

/** The most that one direction holds, however long its latency. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;
const MAX_KEPT_DATAGRAMS = 262_144;

/** A datagram that is held back, to be reordered, lets at most this many later ones of its peer pass,
 * and waits for them no longer than this. */
const MAX_OVERTAKERS = 3;
const LONGEST_HOLD_MS = 50;
const MAX_HELD = 256;

export interface Packet {
  readonly peer: Address;
  readonly bytes: Uint8Array;
  readonly identity?: Identity;
}

/** Something that keeps its place among the packets: told when all before it have passed. */
export type Marker = () => void;

interface Held {
  readonly packet: Packet;
  readonly chances: Chances;
  readonly stopTimer: () => void;
  overtakersLeft: number;
}

/** The chances that were drawn for one datagram. */
interface Chances {
  readonly duplicate: boolean;
  readonly jitter: number;
  readonly jitterOfCopy: number;
}

/** One direction: what goes in comes out later, changed, twice or not at all. */
export class DatagramLink implements Disposable {
  readonly #work: FaultWork;
  readonly #direction: "in" | "out";
  readonly #line: DelayLine<Packet | Marker>;
  readonly #deliver: (packet: Packet) => void;
  readonly #held: Held[] = [];
  #faults!: LinkFaults;
  #random!: () => number;
  #pace!: Pace;
  #queueBytes!: number;
  #did!: Record<string, number>;
  #keptBytes = 0;

  constructor(
    faults: LinkFaults,
    direction: "in" | "out",
    work: FaultWork,
    deliver: (packet: Packet) => void,
  ) {
    this.#work = work;
    this.#direction = direction;
    this.#deliver = deliver;
    this.#line = new DelayLine(work.clock, (waiting) => {
      if (typeof waiting === "function") return waiting();
      this.#keptBytes -= waiting.bytes.length;
      deliver(waiting);
    });
    this.change(faults, work);
  }

  /** Whether a packet may come out other than at once. */
  get waits(): boolean {
    return this.#pace.isNeeded || this.#faults.reorder > 0 || this.#line.size > 0 ||
      this.#held.length > 0;
  }

  /** Whether every packet passes untouched, and none waits. */
  get isQuiet(): boolean {
    return this.#faults === NO_FAULTS && this.#line.size === 0 && this.#held.length === 0;
  }

  /** Replaces the faults. What waits comes out no later than it would have, and no later than a packet
   * that is sent now without jitter. */
  change(faults: LinkFaults, { seed, openedMs, did }: Decisions): void {
    this.#faults = faults;
    this.#random = seededRandom(seed, this.#direction === "in" ? 0 : 1);
    this.#pace = new Pace(faults, openedMs);
    this.#queueBytes = faults.queueBytes ??
      slowQueueBytes(faults.bandwidthBytesPerSecond ?? 0);
    this.#did = did[this.#direction];
    if (this.#line.size === 0) return;
    const nowMs = this.#work.clock.elapsedMs();
    this.#line.hasten((waiting) =>
      typeof waiting === "function"
        ? Math.max(nowMs, this.#line.latestMs)
        : this.#pace.arrivalMs(waiting.bytes.length, nowMs, 0.5)
    );
  }

  /** Sends a packet on its way. Its bytes may be overwritten as soon as this returns, unless the link
   * never waits. */
  pass(packet: Packet): void {
    const { loss, duplicate, reorder, corrupt } = this.#faults;
    const random = this.#random;
    // Every datagram takes the same number of draws in the same order, whatever becomes of it and
    // whenever it comes: that is what makes a run repeatable.
    const isLost = random() < loss;
    const isDoubled = random() < duplicate;
    const isHeld = random() < reorder;
    const overtakers = 1 + Math.floor(random() * MAX_OVERTAKERS);
    const isDamaged = random() < corrupt;
    const damage = random();
    const chances = { duplicate: isDoubled, jitter: random(), jitterOfCopy: random() };

    const nowMs = this.#work.clock.elapsedMs();
    if (isLost) return this.count("loss");
    if (this.#pace.blackoutEndMs(nowMs) !== undefined) return this.count("blackout");
    const own = isDamaged ? this.#damaged(packet, damage) : packet;
    if (isHeld && this.#held.length < MAX_HELD) return this.#hold(own, chances, overtakers);
    this.#forward(own, chances, nowMs);
    if (this.#held.length > 0) this.#overtake(packet.peer, nowMs);
  }

  /** Calls `reached` once everything that was passed before has come out. Nothing will follow that
   * could overtake what is held back for this peer. */
  mark(peer: Address, reached: Marker): void {
    const nowMs = this.#work.clock.elapsedMs();
    for (const held of this.#held.filter(({ packet }) => sameAddress(packet.peer, peer))) {
      this.#release(held, nowMs);
    }
    if (this.#line.size === 0) reached();
    else this.#line.push(Math.max(nowMs, this.#line.latestMs), reached);
  }

  [Symbol.dispose](): void {
    for (const { stopTimer } of this.#held.splice(0)) stopTimer();
    for (const waiting of this.#line.clear()) if (typeof waiting === "function") waiting();
  }

  #forward(packet: Packet, { duplicate, jitter, jitterOfCopy }: Chances, nowMs: number): void {
    this.#send(packet, jitter, nowMs);
    if (!duplicate) return;
    this.count("duplicate");
    this.#send(packet, jitterOfCopy, nowMs);
  }

  #send(packet: Packet, jitter: number, nowMs: number): void {
    if (!this.#pace.isNeeded && this.#line.size === 0) {
      return this.#deliver(this.waits ? copyOf(packet) : packet);
    }
    const { length } = packet.bytes;
    const waiting = this.#pace.waitingBytes(nowMs);
    const hasRoom = waiting === 0 || waiting + length <= this.#queueBytes;
    const isKept = this.#keptBytes + length <= MAX_KEPT_BYTES &&
      this.#line.size < MAX_KEPT_DATAGRAMS;
    if (!hasRoom || !isKept) return this.count("queue");
    this.#keptBytes += length;
    // What waits for a fault that is gone still comes out first.
    const dueMs = this.#pace.isNeeded
      ? this.#pace.arrivalMs(length, nowMs, jitter)
      : Math.max(nowMs, this.#line.latestMs);
    note(this.#did, "delayed");
    this.#line.push(dueMs, copyOf(packet));
  }

  #hold(packet: Packet, chances: Chances, overtakersLeft: number): void {
    this.count("reorder");
    const held: Held = {
      packet: copyOf(packet),
      chances,
      overtakersLeft,
      stopTimer: this.#work.clock.after(
        LONGEST_HOLD_MS,
        () => this.#release(held, this.#work.clock.elapsedMs()),
      ),
    };
    this.#held.push(held);
  }

  /** Another datagram of a peer has passed those that are held back. */
  #overtake(peer: Address, nowMs: number): void {
    const overtaken = this.#held.filter(({ packet }) => sameAddress(packet.peer, peer));
    for (const held of overtaken) {
      if (--held.overtakersLeft === 0) this.#release(held, nowMs);
    }
  }

  #release(held: Held, nowMs: number): void {
    held.stopTimer();
    this.#held.splice(this.#held.indexOf(held), 1);
    this.#forward(held.packet, held.chances, nowMs);
  }

  #damaged(packet: Packet, chance: number): Packet {
    if (packet.bytes.length === 0) return packet;
    this.count("corrupt");
    const changed = copyOf(packet);
    const bit = Math.floor(chance * packet.bytes.length * 8);
    changed.bytes[bit >> 3]! ^= 1 << (bit & 7);
    return changed;
  }

  /** Counts what a fault did. */
  count(fault: string): void {
    this.#work.counters.faults++;
    note(this.#did, fault);
  }
}

function copyOf(packet: Packet): Packet {
  const bytes = smallBytes(packet.bytes.length);
  bytes.set(packet.bytes);
  return { ...packet, bytes };
}
