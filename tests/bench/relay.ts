/** How much a relay passes on, beside the barest relay in the same runtime; both lead to one echo
 * server. */

import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startServer } from "./server_process.ts";
import { load, pythonMissing } from "./throughput.ts";

/** Large writes over TCP. */
export const relayLarge: Benchmark = {
  name: "relay-large",
  summary: "TCP echo of 64 KiB over 8 connections, through a relay",
  unit: "answers/s",
  target: { leastRatio: 0.85 },
  unavailable: pythonMissing,
  measure: (effort) => through("tcp", 8, 65_536, effort),
};

/** Round trips over TCP. */
export const relaySmall: Benchmark = {
  name: "relay-small",
  summary: "TCP echo of 1 KiB over 20 connections, through a relay",
  unit: "answers/s",
  target: { leastRatio: 0.85 },
  unavailable: pythonMissing,
  measure: (effort) => through("tcp", 20, 1024, effort),
};

/** Datagrams. */
export const relayUdp: Benchmark = {
  name: "relay-udp",
  summary: "UDP echo of 1,000 bytes from 20 peers, through a relay",
  unit: "answers/s",
  target: { leastRatio: 0.85 },
  unavailable: pythonMissing,
  measure: (effort) => through("udp", 20, 1000, effort),
};

async function through(
  scheme: "tcp" | "udp",
  connections: number,
  bytes: number,
  effort: Effort,
): Promise<Measured> {
  await using upstream = await startServer(`bare_${scheme}.ts`);
  await using bare = await startServer("bare_relay.ts", [scheme, `${upstream.port}`]);
  await using ours = await startServer("relay.ts", [`${scheme}://127.0.0.1:0`, upstream.url]);
  const how = [scheme, "--connections", `${connections}`, "--bytes", `${bytes}`];
  return await load(bare, ours, how, effort);
}
