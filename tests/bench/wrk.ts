/** Load by wrk, which asks faster than any server answers. */

import { runPeer } from "../peer.ts";
import type { Effort, Measured, Round } from "./benchmark.ts";

/** What is loaded. */
export interface Loaded {
  /** Of the page that is asked for. */
  readonly url: string;
  readonly pid: number;
}

interface Slice {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

/** Loads two servers in turn, forwards in even rounds and backwards in odd ones. */
export async function loadInTurn(
  bare: Loaded,
  ours: Loaded,
  connections: number,
  { rounds, seconds }: Effort,
): Promise<Measured> {
  const slice = (server: Loaded) => sliceOf(server, connections, Math.max(1, Math.round(seconds)));
  // Warm.
  await slice(bare);
  await slice(ours);
  const bySecond: Round[] = [];
  const byCpu: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [bare, ours] : [ours, bare];
    const slices = new Map<Loaded, Slice>();
    for (const server of order) slices.set(server, await slice(server));
    const [first, second] = [slices.get(bare)!, slices.get(ours)!];
    bySecond.push({ bare: first.perSecond, ours: second.perSecond });
    byCpu.push({ bare: first.perCpuSecond, ours: second.perCpuSecond });
  }
  const hasCpu = byCpu.every(({ bare, ours }) => Number.isFinite(bare) && Number.isFinite(ours));
  return { rounds: bySecond, ...(hasCpu && { byCpu }) };
}

async function sliceOf(
  { url, pid }: Loaded,
  connections: number,
  seconds: number,
): Promise<Slice> {
  const before = cpuSeconds(pid);
  const { stdout, stderr } = await runPeer("wrk", [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    url,
  ]);
  const spent = cpuSeconds(pid) - before;
  const answers = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]);
  if (!(perSecond > 0) || /Non-2xx/.test(stdout)) {
    throw new Error(`wrk failed on ${url}: ${stdout}${stderr}`);
  }
  return { perSecond, perCpuSecond: answers / spent };
}

/** Of the thread that runs the event loop; NaN where nobody tells. */
function cpuSeconds(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1e9;
  } catch {
    return NaN;
  }
}
