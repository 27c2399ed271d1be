/** What a connection costs that says nothing. */

import type { Benchmark, Round } from "./benchmark.ts";
import { kibibytesEach, memoryObstacle } from "../resident_memory.ts";
import { startServer } from "./server_process.ts";

const CONNECTIONS = 5000;

/** Resident memory of the server process, before and after. */
export const idleMemory: Benchmark = {
  name: "idle-memory",
  summary: "Resident memory of each of 5,000 idle TCP connections",
  unit: "KiB each",
  target: { most: 12 },
  unavailable: () => memoryObstacle(CONNECTIONS + 100),
  async measure({ rounds }) {
    const measured: Round[] = [];
    for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
      measured.push({
        // With the smallest buffer that makes sense.
        bare: await eachOf("bare_tcp.ts", ["512"]),
        ours: await eachOf("dock.ts", ["echo", "tcp://127.0.0.1:0"]),
      });
    }
    return { rounds: measured };
  },
};

async function eachOf(program: string, args: readonly string[]): Promise<number> {
  await using server = await startServer(program, args);
  const { port, pid } = server;
  return await kibibytesEach(pid, CONNECTIONS, async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new Uint8Array(64));
    await conn.read(new Uint8Array(64));
    return conn;
  });
}
