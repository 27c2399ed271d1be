/** Load by wrk, and for HTTP/2 by h2load, which ask faster than any server answers. */

import { runPeer } from "../peer.ts";
import type { Effort, Measured, Round } from "./benchmark.ts";

/** What is loaded. */
export interface Loaded {
  /** Of the page that is asked for. */
  readonly url: string;
  readonly pid: number;
  /** Arguments of the load generator. */
  readonly with?: readonly string[];
  /** How many of so many answers may have no status of 2xx or 3xx. @default 0 */
  readonly refused?: { readonly least: number; readonly most: number };
}

interface Slice {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

interface Load {
  readonly answers: number;
  readonly perSecond: number;
}

/** Loads two servers in turn, forwards in even rounds and backwards in odd ones. */
export function loadInTurn(
  bare: Loaded,
  ours: Loaded,
  connections: number,
  effort: Effort,
): Promise<Measured> {
  return inTurn(bare, ours, effort, (server, seconds) => wrk(server, connections, seconds));
}

/** Loads two servers in turn over HTTP/2. */
export function loadHttp2InTurn(
  bare: Loaded,
  ours: Loaded,
  { connections, streams }: { readonly connections: number; readonly streams: number },
  effort: Effort,
): Promise<Measured> {
  const how = [`-c${connections}`, `-m${streams}`];
  return inTurn(bare, ours, effort, (server, seconds) => h2load(server, how, seconds));
}

async function inTurn(
  bare: Loaded,
  ours: Loaded,
  { rounds, seconds }: Effort,
  load: (server: Loaded, seconds: number) => Promise<Load>,
): Promise<Measured> {
  const slice = async (server: Loaded): Promise<Slice> => {
    const before = cpuSecondsOf(server.pid);
    const { answers, perSecond } = await load(server, Math.max(1, Math.round(seconds)));
    return { perSecond, perCpuSecond: answers / (cpuSecondsOf(server.pid) - before) };
  };
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

async function wrk(server: Loaded, connections: number, seconds: number): Promise<Load> {
  const { url, refused = { least: 0, most: 0 } } = server;
  const { stdout, stderr } = await runPeer("wrk", [
    ...["-t1", `-c${connections}`, `-d${seconds}s`],
    ...[...server.with ?? [], url],
  ]);
  const answers = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1]);
  const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0);
  const asExpected = failed >= Math.min(refused.least, answers) && failed <= refused.most;
  if (!(perSecond > 0) || !asExpected) throw new Error(`wrk failed on ${url}: ${stdout}${stderr}`);
  return { answers, perSecond };
}

async function h2load(server: Loaded, how: readonly string[], seconds: number): Promise<Load> {
  const { stdout, stderr } = await runPeer("h2load", [
    ...["-t1", `-D${seconds}`, ...how],
    ...[...server.with ?? [], server.url],
  ]);
  const perSecond = Number(/([\d.]+) req\/s/.exec(stdout)?.[1]);
  const answers = Number(/status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx/.exec(stdout)?.[1]);
  if (!(perSecond > 0) || !(answers > 0) || !/\bprotocol: h2\b/i.test(stdout)) {
    throw new Error(`h2load failed on ${server.url}: ${stdout}${stderr}`);
  }
  return { answers, perSecond };
}

/** Of the thread that runs the event loop; NaN where nobody tells. */
function cpuSecondsOf(pid: number): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/${pid}/schedstat`).split(" ")[0]) / 1e9;
  } catch {
    return NaN;
  }
}
