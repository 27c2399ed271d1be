/** How long a server takes from the start of its process until it listens. */

import type { Benchmark, Round } from "./benchmark.ts";
import { here, run } from "./server_process.ts";

/** From process to port. */
export const startup: Benchmark = {
  name: "startup",
  summary: "From the start of the process until it listens, cached",
  unit: "ms",
  target: { most: 120 },
  async measure({ rounds }) {
    const bare = [here("servers/bare_tcp.ts")];
    const ours = [here("../../main.ts"), "serve", "echo", "tcp://127.0.0.1:0", "--json"];
    // The first start fills the caches.
    await millisecondsToListen(bare);
    await millisecondsToListen(ours);
    const measured: Round[] = [];
    while (measured.length < Math.max(5, rounds / 2)) {
      measured.push({
        bare: await millisecondsToListen(bare),
        ours: await millisecondsToListen(ours),
      });
    }
    return { rounds: measured };
  },
};

async function millisecondsToListen(command: readonly string[]): Promise<number> {
  const start = performance.now();
  await using process = run(command);
  await process.stdout.line(/tcp:\/\//);
  return performance.now() - start;
}
