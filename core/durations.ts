// How long sessions and requests took, counted in classes: what a histogram of metrics is made of.

/** Upper bounds of the classes, in seconds: from a quick answer to a session of a working day. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  ...[0.001, 0.005, 0.01, 0.05, 0.1, 0.5],
  ...[1, 5, 10, 60, 300, 3600, 28_800],
];

/** Durations, counted in classes. */
export class Durations {
  /** How many were within each bound and above the one before; last those above all. */
  readonly counts: number[] = new Array(DURATION_BOUNDS_SECONDS.length + 1).fill(0);
  /** Their sum, in seconds. */
  sumSeconds = 0;

  /** Counts one. */
  add(durationMs: number): void {
    const seconds = durationMs / 1000;
    let at = 0;
    while (at < DURATION_BOUNDS_SECONDS.length && seconds > DURATION_BOUNDS_SECONDS[at]!) at++;
    this.counts[at]!++;
    this.sumSeconds += seconds;
  }
}
