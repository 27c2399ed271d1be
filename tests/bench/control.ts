/** What the control costs an echo, beside the same server without one. */

import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startServer } from "./server_process.ts";
import { load, pythonMissing } from "./throughput.ts";

/** Nobody listens: faults can be set, and sessions are known. */
export const controlIdle: Benchmark = {
  name: "control-idle",
  summary: "TCP echo of 64 bytes over 50 connections under a control, beside none",
  unit: "answers/s",
  target: { leastRatio: 0.98 },
  unavailable: pythonMissing,
  measure: (effort) => beside("tcp", "nobody", effort),
};

/** The same over UDP. */
export const controlIdleUdp: Benchmark = {
  name: "control-idle-udp",
  summary: "UDP echo of 64 bytes from 50 peers under a control, beside none",
  unit: "answers/s",
  target: { leastRatio: 0.98 },
  unavailable: pythonMissing,
  measure: (effort) => beside("udp", "nobody", effort),
};

/** A program listens to every message. */
export const controlHeard: Benchmark = {
  name: "control-heard",
  summary: "TCP echo of 64 bytes over 50 connections while a program hears every event",
  unit: "answers/s",
  target: { leastRatio: 0.6 },
  unavailable: pythonMissing,
  measure: (effort) => beside("tcp", "all", effort),
};

async function beside(
  scheme: "tcp" | "udp",
  who: "nobody" | "all",
  effort: Effort,
): Promise<Measured> {
  await using bare = await startServer("unchangeable.ts", [`${scheme}://127.0.0.1:0`]);
  await using ours = await startServer("controlled.ts", [`${scheme}://127.0.0.1:0`, who]);
  return await load(bare, ours, [scheme, "--connections", "50", "--bytes", "64"], effort);
}
