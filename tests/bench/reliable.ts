/** Reliable datagrams beside bare datagrams and TCP. */

import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { here, run, startServer } from "./server_process.ts";

/** Messages one way on a clean loopback, beside datagrams that nobody sends again. */
export const reliable: Benchmark = {
  name: "reliable",
  summary: "Reliable messages of 16 KiB one way, beside bare UDP datagrams",
  unit: "MB/s",
  target: { least: 50 },
  measure: (effort) => oneWay("udp", effort),
};

/** The same in datagrams that pass any network, where each costs as much as a larger one. */
export const reliableSmall: Benchmark = {
  name: "reliable-small",
  summary: "The same in datagrams of 1,200 bytes, beside bare UDP datagrams of 1,200 bytes",
  unit: "MB/s",
  target: { leastRatio: 0.6 },
  measure: (effort) => oneWay("udp", effort, DATAGRAM_BYTES),
};

/** The same beside a stream. */
export const reliableTcp: Benchmark = {
  name: "reliable-tcp",
  summary: "Reliable messages of 16 KiB one way, beside bare TCP",
  unit: "MB/s",
  target: { least: 50 },
  measure: (effort) => oneWay("tcp", effort),
};

interface Slice {
  readonly whose: "udp" | "tcp" | "ours";
  readonly bytes: number;
  readonly seconds: number;
}

async function oneWay(
  beside: "udp" | "tcp",
  { rounds, seconds }: Effort,
  datagramBytes = 0,
): Promise<Measured> {
  await using udp = await startServer("udp_sink.ts");
  await using tcp = await startServer("tcp_sink.ts");
  await using ours = await startServer("dock.ts", ["discard", "udp+reliable://127.0.0.1:0"]);
  const ports = [udp, tcp, ours].map(({ url }) => portOf(url));
  await using load = run([
    here("reliable_load.ts"),
    ...ports.map(String),
    `${seconds}`,
    `${rounds}`,
    `${datagramBytes}`,
  ]);
  const { code, stdout, stderr } = await load.ended(1000 * (60 + 6 * seconds * rounds));
  if (code !== 0) throw new Error(`reliable_load.ts failed: ${stderr}`);
  const slices = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice);
  const of = (whose: Slice["whose"]) =>
    slices.filter((slice) => slice.whose === whose)
      .map(({ bytes, seconds }) => bytes / 1e6 / seconds);
  const mine = of("ours");
  return { rounds: of(beside).map((bare, round): Round => ({ bare, ours: mine[round]! })) };
}

/** What goes through any network. */
const DATAGRAM_BYTES = 1200;

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)![1]);
}
