/** How much a server answers, beside the barest server that answers the same. */

import { findPeer } from "../peer.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { measureSlices } from "./slices.ts";

/** Why there is no load generator here, or null. */
export function pythonMissing(): string | null {
  // A load generator in Deno would be as slow as what it measures.
  return findPeer("python3") === null ? "it needs python3 to make the load" : null;
}

/** Echo over TCP with small messages. */
export const tcpSmall: Benchmark = {
  name: "tcp-small",
  summary: "TCP echo of 64 bytes over 50 connections",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("tcp", 50, 64, effort),
};

/** Echo over TCP with large messages. */
export const tcpLarge: Benchmark = {
  name: "tcp-large",
  summary: "TCP echo of 64 KiB over 8 connections",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("tcp", 8, 65_536, effort),
};

/** Echo over UDP. */
export const udp: Benchmark = {
  name: "udp",
  summary: "UDP echo of 64 bytes from 50 peers",
  unit: "answers/s",
  target: { leastRatio: 0.85 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("udp", 50, 64, effort),
};

/** Echo over WebSockets with small messages. */
export const webSocket: Benchmark = {
  name: "websocket",
  summary: "WebSocket echo of 64 bytes over 20 connections",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("ws", 20, 64, effort),
};

async function echoes(
  scheme: "tcp" | "udp" | "ws",
  connections: number,
  bytes: number,
  effort: Effort,
): Promise<Measured> {
  await using bare = await startServer(`bare_${scheme}.ts`);
  await using ours = await startServer("dock.ts", ["echo", `${scheme}://127.0.0.1:0`]);
  const how = [scheme, "--connections", `${connections}`, "--bytes", `${bytes}`];
  return await load(bare, ours, how, effort);
}

/** Measures ours beside a bare one with load.py. */
export async function load(
  bare: ServerProcess,
  ours: ServerProcess,
  how: readonly string[],
  effort: Effort,
): Promise<Measured> {
  const places = [bare, ours].map(({ port, pid }) => `${port}/${pid}`);
  return (await measureSlices("load.py", how, places, effort))[0]!;
}
