// The packet numbers that have arrived, as acknowledgements of the layer reliable tell them: all
// below a number, and a few ranges above it.

import { RangeSet } from "../stream/range_set.ts";

/** How many ranges are remembered: more than an acknowledgement tells, which are the latest, so that a
 * path may lose many of the packets that are on their way. */
const MAX_RANGES = 512;

/** Remembers packet numbers in bounded room: a packet that needs a range too many is not taken. */
export class AckRanges {
  /** All packets below this have arrived, or their sender no longer asks about them. */
  cumulative = 0;
  readonly #above = new RangeSet();

  /** The ranges above, as `RangeSet.bounds` has them. */
  get ranges(): readonly number[] {
    return this.#above.bounds;
  }

  /** The highest packet number that has arrived; -1 when there is none. */
  get largest(): number {
    return (this.#above.bounds.at(-1) ?? this.cumulative) - 1;
  }

  /** Whether a packet is new and there is room to remember it. */
  takes(number: number): boolean {
    if (number < this.cumulative || this.#above.has(number)) return false;
    if (number === this.cumulative || this.#above.count < MAX_RANGES) return true;
    // At the end of a range it needs no room.
    return this.#above.has(number - 1) || this.#above.has(number + 1);
  }

  add(number: number): void {
    if (number === this.cumulative) this.cumulative++;
    else this.#above.add(number, number + 1);
    this.#join();
  }

  forgetBelow(number: number): void {
    if (number <= this.cumulative) return;
    this.cumulative = number;
    this.#above.remove(0, number);
    this.#join();
  }

  #join(): void {
    const { bounds } = this.#above;
    if (bounds[0] !== this.cumulative) return;
    this.cumulative = bounds[1]!;
    bounds.splice(0, 2);
  }
}
