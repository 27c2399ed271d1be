// Packet numbers that are left out now and then: a peer that acknowledges one claims what it cannot
// have received, to make us send faster than the path allows (RFC 9000 21.4).

import type { PacketReader } from "../wire/packet.ts";

/** About how many packets lie before the first of them, and between two: twice as many each time, as in
 * slow start, which a liar would have go on, the window doubles too. */
const FIRST_PACKETS = 32;
const MOST_PACKETS = 512;

/** At least this part of what is on its way lies between two: each is a gap in acknowledgements. */
const FLIGHT_PARTS = 4;

interface Skipped {
  readonly number: number;
  /** When a packet from here on is acknowledged, a claim to have this number is long overdue. Undefined
   * while packets below it are on their way. */
  until?: number;
}

/** The numbers that were left out and that nobody was told to forget. */
export class SkippedNumbers {
  readonly #random: () => number;
  #everyPackets = FIRST_PACKETS;
  #nextAt: number;
  /** The lowest first. */
  readonly #skipped: Skipped[] = [];

  constructor(random: () => number) {
    this.#random = random;
    this.#nextAt = this.#after(0, 0);
  }

  /** Whether to leave this number out.
   * @param flight how many packets are on their way */
  skips(number: number, flight: number): boolean {
    if (number < this.#nextAt) return false;
    this.#skipped.push({ number });
    this.#everyPackets = Math.min(MOST_PACKETS, 2 * this.#everyPackets);
    this.#nextAt = this.#after(number, flight);
    return true;
  }

  /** A header is about to say that nothing below a number has to be acknowledged. Returns what it may
   * say: below that an honest peer may count all as arrived, and what was left out convicts no more.
   * @param next the packet number that is sent next */
  announce(oldest: number, largestAcknowledged: number, next: number): number {
    const skipped = this.#skipped;
    for (const one of skipped) {
      if (one.number >= oldest) break;
      one.until ??= next;
    }
    while (skipped.length > 0 && largestAcknowledged >= (skipped[0]!.until ?? Infinity)) {
      skipped.shift();
    }
    return Math.min(oldest, skipped[0]?.number ?? oldest);
  }

  /** Whether an acknowledgement is a lie. */
  convicts({ cumulative, ranges }: PacketReader): boolean {
    return this.#skipped.some(({ number }) => {
      if (number < cumulative) return true;
      for (let index = 0; index < ranges.length; index += 2) {
        if (ranges[index]! <= number && number < ranges[index + 1]!) return true;
      }
      return false;
    });
  }

  #after(number: number, flight: number): number {
    const packets = Math.max(this.#everyPackets, flight / FLIGHT_PARTS);
    return number + 1 + Math.floor((0.5 + this.#random()) * packets);
  }
}
