/** What a benchmark is: our figure beside that of the barest program that does the same. */

/** How long to measure. */
export interface Effort {
  /** How often bare and ours take turns. */
  readonly rounds: number;
  /** Of one turn, where a turn lasts as long as we like. */
  readonly seconds: number;
}

/** One turn of each. */
export interface Round {
  readonly bare: number;
  readonly ours: number;
}

/** What was measured. */
export interface Measured {
  readonly rounds: readonly Round[];
  /** The same by the processor time that the server spent, which other work on the machine hardly
   * touches; where there is such a figure. */
  readonly byCpu?: readonly Round[];
}

/** A goal: a least share of the bare program's speed, or a least or a most of our own figure. */
export type Target =
  | { readonly leastRatio: number }
  | { readonly least: number }
  | { readonly most: number };

/** One benchmark. */
export interface Benchmark {
  /** How it is asked for on the command line. */
  readonly name: string;
  readonly summary: string;
  readonly unit: string;
  readonly target: Target;
  /** Why it cannot run here, or null. */
  unavailable?(): string | null;
  measure(effort: Effort): Promise<Measured>;
}

/** A benchmark's figures, each the median of its rounds. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly bare: number;
  readonly ours: number;
  readonly ratio: number;
  /** The lower and upper quartile of the rounds' ratios. */
  readonly ratioSpread: readonly [number, number];
  readonly cpuRatio?: number;
  readonly target: Target;
  readonly met: boolean;
}

/** Sums a benchmark up. */
export function summarize(benchmark: Benchmark, { rounds, byCpu }: Measured): Result {
  const ratios = rounds.map(ratioOf);
  const ours = median(rounds.map((round) => round.ours));
  const ratio = median(ratios);
  const { name, unit, target } = benchmark;
  return {
    name,
    unit,
    bare: median(rounds.map((round) => round.bare)),
    ours,
    ratio,
    ratioSpread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    ...(byCpu !== undefined && { cpuRatio: median(byCpu.map(ratioOf)) }),
    target,
    met: isMet(target, ours, ratio),
  };
}

function isMet(target: Target, ours: number, ratio: number): boolean {
  if ("most" in target) return ours <= target.most;
  return "least" in target ? ours >= target.least : ratio >= target.leastRatio;
}

function ratioOf({ bare, ours }: Round): number {
  return ours / bare;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which this share of the values lies, between neighbours in proportion.
 * @throws {RangeError} when there are no values */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) throw new RangeError("Cannot rank no values");
  return below + (above - below) * (place - Math.floor(place));
}
