// The receiving side of loss recovery in the layer reliable: it notes which packets have arrived,
// and says when to acknowledge them (RFC 9000 13.2).

import { AckRanges } from "./ack_ranges.ts";
import type { PacketReader, PacketWriter } from "../wire/packet.ts";
import { MAX_ACK_DELAY_MS } from "./round_trip.ts";

/** Acknowledgement at the latest after this many packets (RFC 9000 13.2.2). */
const ACK_EVERY = 2;

/** The acknowledging half of an association. Times are as `Clock.elapsedMs` counts them. */
export class Acknowledging {
  readonly #received = new AckRanges();
  #waiting = 0;
  #largestAtMs = 0;
  /** When an acknowledgement has to leave; Infinity when there is none to give. */
  dueAtMs = Infinity;

  /** Whether an acknowledgement should travel with whatever goes out next. */
  get isWanted(): boolean {
    return this.dueAtMs < Infinity;
  }

  /** Whether a packet is new, and there is room to remember it. Where there is none, what its sender
   * no longer asks about makes room: else that packet and all after it would stay out for ever. */
  takes({ number, oldest }: PacketReader): boolean {
    if (this.#received.takes(number)) return true;
    this.#received.forgetBelow(oldest);
    return this.#received.takes(number);
  }

  add(packet: PacketReader, nowMs: number): void {
    const received = this.#received;
    const isInOrder = packet.number === received.largest + 1;
    received.add(packet.number);
    received.forgetBelow(packet.oldest);
    if (packet.number === received.largest) this.#largestAtMs = nowMs;
    if (!packet.eliciting) return;
    this.#waiting++;
    const isUrgent = this.#waiting >= ACK_EVERY || !isInOrder || packet.finish ||
      received.ranges.length > 0;
    if (isUrgent) this.hurry();
    else this.dueAtMs = Math.min(this.dueAtMs, nowMs + MAX_ACK_DELAY_MS);
  }

  /** The next acknowledgement has to leave now. */
  hurry(): void {
    this.dueAtMs = -Infinity;
  }

  /** Writes the acknowledgement, which then is given.
   * @param window the offset up to which the peer may send */
  write(writer: PacketWriter, window: number, nowMs: number): void {
    const { cumulative, ranges } = this.#received;
    const delayMs = this.#waiting === 0 ? 0 : nowMs - this.#largestAtMs;
    writer.ack(cumulative, window, delayMs, ranges);
    this.#waiting = 0;
    this.dueAtMs = Infinity;
  }
}
