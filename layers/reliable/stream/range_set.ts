// Ranges of numbers, such as the parts of a stream that have arrived.

/** Ranges from the lowest up, none touching the next. */
export class RangeSet {
  /** First and last but one of each range, one after another. */
  readonly bounds: number[] = [];

  get count(): number {
    return this.bounds.length / 2;
  }

  has(number: number): boolean {
    const index = this.#endingAfter(number);
    return index < this.bounds.length && this.bounds[index]! <= number;
  }

  /** Whether adding this range needs no room, because it joins one that is there. */
  touches(start: number, end: number): boolean {
    const index = this.#endingAfter(start - 1);
    return index < this.bounds.length && this.bounds[index]! <= end;
  }

  /** Adds a range, joining what it touches. */
  add(start: number, end: number): void {
    if (start >= end) return;
    const { bounds } = this;
    // The usual case: it goes on from the last.
    const last = bounds.length - 1;
    if (last > 0 && bounds[last] === start) {
      bounds[last] = end;
      return;
    }
    const from = this.#endingAfter(start - 1);
    let to = from;
    while (to < bounds.length && bounds[to]! <= end) to += 2;
    if (to > from) {
      start = Math.min(start, bounds[from]!);
      end = Math.max(end, bounds[to - 1]!);
    }
    bounds.splice(from, to - from, start, end);
  }

  remove(start: number, end: number): void {
    const { bounds } = this;
    if (start >= end || bounds.length === 0) return;
    const from = this.#endingAfter(start);
    let to = from;
    while (to < bounds.length && bounds[to]! < end) to += 2;
    if (to === from) return;
    const [first, last] = [bounds[from]!, bounds[to - 1]!];
    const rest: number[] = [];
    if (first < start) rest.push(first, start);
    if (last > end) rest.push(end, last);
    bounds.splice(from, to - from, ...rest);
  }

  /** Where the first range stands that ends above a number. A peer decides how many ranges there are,
   * so they are not searched one by one. */
  #endingAfter(number: number): number {
    let low = 0;
    let high = this.bounds.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bounds[2 * middle + 1]! > number) high = middle;
      else low = middle + 1;
    }
    return 2 * low;
  }
}
