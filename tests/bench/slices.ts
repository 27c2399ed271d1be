/** What the load generators in Python print: a line of JSON for each slice of time that a server was
 * given. */

import { startPeer } from "../peer.ts";
import type { Effort, Measured, Round } from "./benchmark.ts";
import { here } from "./server_process.ts";

/** A slice: the number of the server, and what was measured. */
export type Slice<Figure extends string> = Readonly<Record<"server" | Figure, number>>;

/** Lets a load generator load several servers in turn. */
export async function loadSlices<Figure extends string>(
  program: string,
  how: readonly string[],
  servers: readonly string[],
  { rounds, seconds }: Effort,
): Promise<Slice<Figure>[]> {
  await using generator = startPeer("python3", [
    ...["-B", here(program), ...how, ...servers],
    ...["--seconds", `${seconds}`, "--rounds", `${Math.round(rounds)}`],
  ]);
  const { code, stdout, stderr } = await generator.ended(
    1000 * (60 + 4 * servers.length * seconds * rounds),
  );
  if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice<Figure>);
}

/** The rounds of two of the servers, by one figure of each slice. */
export function roundsOf<Figure extends string>(
  slices: readonly Slice<Figure>[],
  [bare, ours]: readonly [number, number],
  figure: (slice: Slice<Figure>) => number,
): Round[] {
  const of = (server: number) => slices.filter((slice) => slice.server === server).map(figure);
  const second = of(ours);
  return of(bare).map((bare, round) => ({ bare, ours: second[round]! }));
}

/** Loads several servers in turn and returns how much the last answers beside each other one. */
export async function measureSlices(
  program: string,
  how: readonly string[],
  servers: readonly string[],
  effort: Effort,
): Promise<Measured[]> {
  const slices = await loadSlices<"answers" | "seconds" | "cpu">(program, how, servers, effort);
  const last = servers.length - 1;
  // Without /proc there is none.
  const hasCpu = slices.every(({ cpu }) => cpu > 0);
  return servers.slice(0, last).map((_, bare) => ({
    rounds: roundsOf(slices, [bare, last], ({ answers, seconds }) => answers / seconds),
    ...(hasCpu && { byCpu: roundsOf(slices, [bare, last], ({ answers, cpu }) => answers / cpu) }),
  }));
}
