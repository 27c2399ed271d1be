/** How fast a chat tells many what one says, beside ncat's, and what a member costs that says
 * nothing. */

import { findPeer, startPeer } from "../peer.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { kibibytesEach } from "../resident_memory.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { loadSlices, roundsOf, type Slice } from "./slices.ts";

const MEMBERS = 100;
const IDLE_MEMBERS = 2000;

function unavailable(): string | null {
  if (Deno.build.os !== "linux") return "it reads /proc";
  if (findPeer("python3") === null) return "it needs python3 to make the load";
  return findPeer("ncat") === null ? "it needs ncat to compare with" : null;
}

/** Deliveries to 100 members, per second; ncat's broker is beside it. */
export const chatFanOut: Benchmark = {
  name: "chat",
  summary: "Chat of 64 bytes a message to 100 TCP members, beside ncat --broker --chat",
  unit: "deliveries/s",
  target: { least: 400_000 },
  unavailable,
  async measure(effort) {
    await using bare = await startNcat();
    await using ours = await startServer("chat.ts");
    const slices = await load("throughput", [bare, ours], effort);
    const rounds = roundsOf(slices, [0, 1], ({ delivered, seconds }) => delivered / seconds);
    return { rounds, byCpu: roundsOf(slices, [0, 1], ({ delivered, cpu }) => delivered / cpu) };
  },
};

/** The 99th percentile of the time from one member to the others at half of that rate. */
export const chatLatency: Benchmark = {
  name: "chat-latency",
  summary: "99th percentile of a chat's delivery at 200,000 a second, beside ncat's",
  unit: "ms",
  target: { most: 50 },
  unavailable,
  async measure(effort) {
    await using bare = await startNcat();
    await using ours = await startServer("chat.ts");
    const slices = await load("latency", [bare, ours], {
      rounds: Math.max(3, effort.rounds / 4),
      seconds: Math.max(1, effort.seconds),
    });
    return { rounds: roundsOf(slices, [0, 1], ({ p99Ms }) => p99Ms) };
  },
};

/** Resident memory of the server for each member that only listens. */
export const chatIdle: Benchmark = {
  name: "chat-idle",
  summary: "Resident memory of each of 2,000 idle members of a chat",
  unit: "KiB each",
  target: { most: 40 },
  unavailable,
  async measure({ rounds }): Promise<Measured> {
    const measured: Round[] = [];
    for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
      measured.push({
        bare: await eachOf(() => startServer("bare_tcp.ts", ["512"])),
        ours: await eachOf(() => startServer("chat.ts")),
      });
    }
    return { rounds: measured };
  },
};

async function startNcat(): Promise<ServerProcess> {
  await using starting = new AsyncDisposableStack();
  // It takes no port 0, so it is given one that was free a moment ago.
  const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = probe.addr;
  probe.close();
  const args = ["-v", "-l", "--broker", "--chat", "-m", `${MEMBERS + 10}`, "127.0.0.1", `${port}`];
  const ncat = starting.use(startPeer("ncat", args));
  await ncat.stderr.line(/Listening on/);
  const owned = starting.move();
  return {
    pid: ncat.pid,
    url: `tcp://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

type Figure = "delivered" | "expected" | "seconds" | "cpu" | "p99Ms";

async function load(
  what: "throughput" | "latency",
  servers: readonly ServerProcess[],
  effort: Effort,
): Promise<Slice<Figure>[]> {
  const places = servers.map(({ port, pid }) => `${port}/${pid}`);
  const how = [what, "--members", `${MEMBERS}`];
  const slices = await loadSlices<Figure>("chat_load.py", how, places, effort);
  const short = slices.find((slice) => slice.server === 1 && slice.delivered !== slice.expected);
  if (short !== undefined) {
    throw new Error(`of ${short.expected} lines ${short.delivered} were delivered`);
  }
  return slices;
}

async function eachOf(start: () => Promise<ServerProcess>): Promise<number> {
  await using server = await start();
  const { port, pid } = server;
  return await kibibytesEach(pid, IDLE_MEMBERS, async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    // An empty line joins and says nothing; either server answers it.
    await conn.write(new Uint8Array([10]));
    await conn.read(new Uint8Array(256));
    return conn;
  });
}
