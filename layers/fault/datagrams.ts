// A datagram socket whose network misbehaves on purpose.

import type { Address } from "../../core/address.ts";
import { sameAddress } from "../../core/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import type { Counters } from "../../core/counters.ts";
import type { Identity } from "../../core/session.ts";
import { smallBytes } from "../../core/small_bytes.ts";
import { WrappedDatagrams } from "../../core/wrapped_datagrams.ts";
import { DelayLine } from "./delay_line.ts";
import { Pace } from "./pace.ts";
import { seededRandom } from "./random.ts";
import type { Faults, LinkFaults } from "./spec.ts";

/** What may wait for the bandwidth unless the user says otherwise: a quarter of a second at 1 MiB/s. */
const QUEUE_BYTES = 256 * 1024;

/** What one direction keeps at most, however long its latency. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;
const MAX_KEPT_DATAGRAMS = 262_144;

/** What has arrived and nobody asks for. Beyond it the socket below is left alone, which drops. */
const MAX_UNREAD = 1024;

/** One that is held back lets up to this many others of its peer pass, and waits no longer for them
 * than this. */
const MAX_OVERTAKERS = 3;
const LONGEST_HOLD_MS = 50;
const MAX_HELD = 256;

/** What the layer is made with. */
export interface FaultWork {
  readonly clock: Clock;
  readonly seed: number;
  readonly counters: Counters;
  /** When the time of a blackout begins to count. */
  readonly openedMs: number;
}

interface Packet {
  readonly peer: Address;
  readonly bytes: Uint8Array;
  readonly identity?: Identity;
}

/** Something that keeps its place among the packets: told when all before it have passed. */
type Marker = () => void;

interface Held {
  readonly packet: Packet;
  readonly chances: Chances;
  readonly stopTimer: () => void;
  overtakersLeft: number;
}

/** What chance says about one datagram. */
interface Chances {
  readonly duplicate: boolean;
  readonly jitter: number;
  readonly jitterOfCopy: number;
}

/** One direction: what goes in comes out later, changed, twice or not at all. */
class FaultyLink implements Disposable {
  /** Whether anything may come out other than at once. */
  readonly waits: boolean;
  readonly #faults: LinkFaults;
  readonly #work: FaultWork;
  readonly #random: () => number;
  readonly #pace: Pace;
  readonly #queueBytes: number;
  readonly #line: DelayLine<Packet | Marker>;
  readonly #deliver: (packet: Packet) => void;
  readonly #held: Held[] = [];
  #keptBytes = 0;

  constructor(
    faults: LinkFaults,
    stream: number,
    work: FaultWork,
    deliver: (packet: Packet) => void,
  ) {
    this.#faults = faults;
    this.#work = work;
    this.#random = seededRandom(work.seed, stream);
    this.#pace = new Pace(faults, work.openedMs);
    this.#queueBytes = faults.queueBytes ?? QUEUE_BYTES;
    this.#deliver = deliver;
    this.#line = new DelayLine(work.clock, (waiting) => {
      if (typeof waiting === "function") return waiting();
      this.#keptBytes -= waiting.bytes.length;
      deliver(waiting);
    });
    this.waits = this.#pace.isNeeded || faults.reorder > 0;
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
    if (isLost || this.#pace.blackoutEndMs(nowMs) !== undefined) {
      this.count();
      return;
    }
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
    this.count();
    this.#send(packet, jitterOfCopy, nowMs);
  }

  #send(packet: Packet, jitter: number, nowMs: number): void {
    if (!this.#pace.isNeeded) return this.#deliver(this.waits ? copyOf(packet) : packet);
    const { length } = packet.bytes;
    const waiting = this.#pace.waitingBytes(nowMs);
    const hasRoom = waiting === 0 || waiting + length <= this.#queueBytes;
    const isKept = this.#keptBytes + length <= MAX_KEPT_BYTES &&
      this.#line.size < MAX_KEPT_DATAGRAMS;
    if (!hasRoom || !isKept) return this.count();
    this.#keptBytes += length;
    this.#line.push(this.#pace.arrivalMs(length, nowMs, jitter), copyOf(packet));
  }

  #hold(packet: Packet, chances: Chances, overtakersLeft: number): void {
    this.count();
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
    this.count();
    const changed = copyOf(packet);
    const bit = Math.floor(chance * packet.bytes.length * 8);
    changed.bytes[bit >> 3]! ^= 1 << (bit & 7);
    return changed;
  }

  /** Counts what a fault did. */
  count(): void {
    this.#work.counters.faults++;
  }
}

function copyOf(packet: Packet): Packet {
  const bytes = smallBytes(packet.bytes.length);
  bytes.set(packet.bytes);
  return { ...packet, bytes };
}

/** Does to datagrams what a bad network does to them. Takes the socket over. */
export class FaultyDatagrams extends WrappedDatagrams {
  readonly #in: FaultyLink;
  readonly #out: FaultyLink;
  readonly #arrived: (Datagram | Error | null)[] = [];
  readonly #leaving: (Packet | Marker)[] = [];
  #leavingBytes = 0;
  #wake: (() => void) | undefined;
  #readOn: (() => void) | undefined;
  #receiving = false;
  #sending = false;
  #sent: Promise<void>[] = [];
  #disposed = false;

  constructor(inner: DatagramSocket, faults: Faults, work: FaultWork) {
    super(inner);
    this.#in = new FaultyLink(
      faults.in,
      0,
      work,
      ({ peer, bytes, identity }) =>
        this.#arrive({ from: peer, bytes, ...(identity && { identity }) }),
    );
    this.#out = new FaultyLink(faults.out, 1, work, (packet) => {
      if (this.#out.waits) this.#leave(packet);
      else this.#sent.push(inner.send(packet.bytes, packet.peer));
    });
  }

  /** Resolves at once where the link waits, as a real network lets it. */
  override send(bytes: Uint8Array, to: Address): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    this.#out.pass({ peer: to, bytes });
    if (this.#sent.length === 0) return Promise.resolve();
    const [first, second] = this.#sent.splice(0);
    return second === undefined ? first! : Promise.all([first, second]).then(() => {});
  }

  /** What is on its way when a session is over still belongs to it. */
  override async delivered(to: Address): Promise<void> {
    await this.#left(to);
    await super.delivered(to);
  }

  override async end(to: Address): Promise<void> {
    await this.#left(to);
    await this.inner.end(to);
  }

  override async receive(): Promise<Datagram | null> {
    for (;;) {
      if (this.#disposed) return null;
      const arrived = this.#arrived.shift();
      if (this.#arrived.length < MAX_UNREAD) this.#readOn?.();
      if (arrived instanceof Error) throw arrived;
      if (arrived !== undefined) return arrived;
      if (!this.#in.waits) {
        // What is taken in stays valid until the socket below is asked again, so nothing is copied.
        this.#take(await this.inner.receive());
        continue;
      }
      if (!this.#receiving) void this.#receiveAll();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  override [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#in[Symbol.dispose]();
    this.#out[Symbol.dispose]();
    for (const leaving of this.#leaving.splice(0)) if (typeof leaving === "function") leaving();
    this.#arrived.length = 0;
    this.#wake?.();
    this.#readOn?.();
    super[Symbol.dispose]();
  }

  #take(datagram: Datagram | null): void {
    if (datagram === null) this.#arrive(null);
    else if ("bytes" in datagram) {
      const { from, bytes, identity } = datagram;
      this.#in.pass({ peer: from, bytes, ...(identity && { identity }) });
    } else {
      this.#in.mark(datagram.from, () => this.#arrive(datagram));
    }
  }

  /** Takes in what comes while others still wait. Ends with the socket or its first failure, after
   * which the next `receive` begins anew. */
  async #receiveAll(): Promise<void> {
    this.#receiving = true;
    try {
      while (!this.#disposed) {
        const datagram = await this.inner.receive();
        this.#take(datagram);
        if (datagram === null) return;
        while (this.#arrived.length >= MAX_UNREAD && !this.#disposed) {
          await new Promise<void>((resolve) => this.#readOn = resolve);
        }
      }
    } catch (error) {
      this.#arrive(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#receiving = false;
    }
  }

  #arrive(arrived: Datagram | Error | null): void {
    if (this.#disposed) return;
    this.#arrived.push(arrived);
    this.#wake?.();
  }

  /** Resolves once all that was sent to a peer has left. */
  #left(to: Address): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    return new Promise((resolve) => this.#out.mark(to, () => this.#leave(resolve)));
  }

  #leave(leaving: Packet | Marker): void {
    if (this.#disposed) {
      if (typeof leaving === "function") leaving();
      return;
    }
    if (typeof leaving !== "function") {
      // Only a socket whose peer does not read gets here.
      if (this.#leavingBytes + leaving.bytes.length > MAX_KEPT_BYTES) return this.#out.count();
      this.#leavingBytes += leaving.bytes.length;
    }
    this.#leaving.push(leaving);
    if (!this.#sending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let at = 0; at < this.#leaving.length; at++) {
      // Who never stops sending never lets the end come, and what has left would all be kept.
      if (at === MAX_UNREAD) {
        this.#leaving.splice(0, at);
        at = 0;
      }
      const leaving = this.#leaving[at]!;
      if (typeof leaving === "function") {
        leaving();
        continue;
      }
      this.#leavingBytes -= leaving.bytes.length;
      try {
        await this.inner.send(leaving.bytes, leaving.peer);
      } catch {
        // Whoever sent it has been told long ago that it is on its way; networks say no more either.
      }
    }
    this.#leaving.length = 0;
    this.#sending = false;
  }
}
