import { median } from "./benchmark.ts";

/** The slope of a line through figures taken at even intervals: by how much they grow from one to the
 * next (Theil and Sen: the median of the slopes between any two, which single peaks do not bend). */
export function slopeOf(figures: readonly number[]): number {
  const slopes: number[] = [];
  for (let left = 0; left < figures.length; left++) {
    for (let right = left + 1; right < figures.length; right++) {
      slopes.push((figures[right]! - figures[left]!) / (right - left));
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}
