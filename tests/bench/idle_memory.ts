/** What a connection costs that says nothing. */

import type { Benchmark, Round } from "./benchmark.ts";
import { startServer } from "./server_process.ts";

const CONNECTIONS = 5000;

/** Resident memory of the server process, before and after. */
export const idleMemory: Benchmark = {
  name: "idle-memory",
  summary: "Resident memory of each of 5,000 idle TCP connections",
  unit: "KiB each",
  target: { most: 12 },
  unavailable() {
    if (Deno.build.os !== "linux") return "it reads /proc";
    // Deno raises its soft limit to the hard one when it starts.
    const limits = Deno.readTextFileSync("/proc/self/limits");
    const most = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
    return most >= CONNECTIONS + 100 ? null : `only ${most} files may be open: ulimit -Hn 10000`;
  },
  async measure({ rounds }) {
    const measured: Round[] = [];
    for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
      measured.push({
        // With the smallest buffer that makes sense.
        bare: await kibibytesEach("bare_tcp.ts", ["512"]),
        ours: await kibibytesEach("dock.ts", ["echo", "tcp://127.0.0.1:0"]),
      });
    }
    return { rounds: measured };
  },
};

async function kibibytesEach(program: string, args: readonly string[]): Promise<number> {
  await using server = await startServer(program, args);
  const resident = () => {
    const status = Deno.readTextFileSync(`/proc/${server.pid}/status`);
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  };
  // What only the first connection costs is not what each costs.
  await exchange(server.port);
  const before = await settled(resident);
  const held: Deno.Conn[] = [];
  try {
    while (held.length < CONNECTIONS) {
      held.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    // Connections are accepted in order, so all others were before this one.
    await exchange(server.port);
    return (await settled(resident) - before) / CONNECTIONS;
  } finally {
    for (const conn of held) conn.close();
  }
}

async function exchange(port: number): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new Uint8Array(64));
  await conn.read(new Uint8Array(64));
}

/** A figure that has stopped changing. */
async function settled(figure: () => number): Promise<number> {
  for (let last = figure(), same = 0;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = figure();
    same = now === last ? same + 1 : 0;
    if (same === 5) return now;
    last = now;
  }
}
