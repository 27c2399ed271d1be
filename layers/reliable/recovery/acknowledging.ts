// The receiving side of loss recovery in the layer reliable: it notes which packets have arrived,
// and says when to acknowledge them (RFC 9000 13.2).

import { AckRanges } from "./ack_ranges.ts";
import type { PacketReader, PacketWriter } from "../wire/packet.ts";
import { MAX_ACK_DELAY_MS } from "./round_trip.ts";

/** Acknowledgement at the latest after this many packets (RFC 9000 13.2.2), or, as each costs both
 * sides about as much as a packet, after this part of what the sender has on its way. It needs several
 * a round trip to see what the path does. */
const LEAST_PACKETS = 2;
const MOST_PACKETS = 16;
const FLIGHT_PARTS = 8;

/** So many packets after a gap are acknowledged at once, as they may tell that what is missing there is
 * lost (draft-ietf-quic-ack-frequency, section "Reordering Threshold"). */
const TELLING_PACKETS = 3;

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
    const isOvertaken = packet.number < received.largest;
    received.add(packet.number);
    received.forgetBelow(packet.oldest);
    if (!isOvertaken) this.#largestAtMs = nowMs;
    if (!packet.eliciting) return;
    this.#waiting++;
    const isUrgent = this.#waiting >= packetsFor(packet.number - packet.oldest) || isOvertaken ||
      packet.finish || this.#followsGap(packet.number);
    if (isUrgent) this.hurry();
    else this.dueAtMs = Math.min(this.dueAtMs, nowMs + MAX_ACK_DELAY_MS);
  }

  /** Whether a packet is among the first after what is missing. */
  #followsGap(number: number): boolean {
    const lastStart = this.#received.ranges.at(-2);
    return lastStart !== undefined && number - lastStart < TELLING_PACKETS;
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

/** After how many packets to acknowledge.
 * @param flight how many the sender may have on its way, as the age in its headers tells */
function packetsFor(flight: number): number {
  return Math.min(MOST_PACKETS, Math.max(LEAST_PACKETS, Math.floor(flight / FLIGHT_PARTS)));
}
