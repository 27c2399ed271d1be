/** What it costs to have a server: the time until it listens, and what it holds then. */

import { runFlags } from "../../.ci/permissions.ts";
import { RunningProcess } from "../running_process.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { here, run } from "./server_process.ts";

/** From process to port. */
export const startup: Benchmark = {
  name: "startup",
  summary: "From the start of the process until it listens, cached",
  unit: "ms",
  target: { most: 45 },
  measure: (effort) => inTurns(effort, millisecondsToListen),
};

/** The memory of a server that has nothing to do yet. */
export const startMemory: Benchmark = {
  name: "start-memory",
  summary: "Resident memory of a server that has just begun to listen",
  unit: "MiB",
  target: { most: 46 },
  unavailable: () => Deno.build.os === "linux" ? null : "it reads /proc",
  measure: (effort) => inTurns(effort, mebibytesListening),
};

/** Measures the bare server and ours in turns. */
async function inTurns(
  { rounds }: Effort,
  figure: (start: () => RunningProcess) => Promise<number>,
): Promise<Measured> {
  const bare = () => run([here("servers/bare_tcp.ts")]);
  const ours = () => sockdock(["serve", "echo", "tcp://127.0.0.1:0", "--json"]);
  // The first start fills the caches.
  await figure(bare);
  await figure(ours);
  const measured = [];
  while (measured.length < Math.max(5, rounds / 2)) {
    measured.push({ bare: await figure(bare), ours: await figure(ours) });
  }
  return { rounds: measured };
}

/** sockdock as its task starts it. */
function sockdock(args: readonly string[]): RunningProcess {
  const main = here("../../main.ts");
  return new RunningProcess(Deno.execPath(), ["run", "--quiet", ...runFlags(), main, ...args]);
}

async function millisecondsToListen(start: () => RunningProcess): Promise<number> {
  const begun = performance.now();
  await using process = start();
  await process.stdout.line(/tcp:\/\//);
  return performance.now() - begun;
}

async function mebibytesListening(start: () => RunningProcess): Promise<number> {
  await using process = start();
  await process.stdout.line(/tcp:\/\//);
  const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
