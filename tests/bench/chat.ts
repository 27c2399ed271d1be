/** How fast a chat tells many what one says, beside ncat's, and what a member costs that says
 * nothing. */

import { findPeer, startPeer } from "../peer.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { here, type ServerProcess, startServer } from "./server_process.ts";

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
    const rounds = paired(slices, ({ delivered, seconds }) => delivered / seconds);
    return { rounds, byCpu: paired(slices, ({ delivered, cpu }) => delivered / cpu) };
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
    return { rounds: paired(slices, ({ p99Ms }) => p99Ms) };
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
        bare: await kibibytesEach(() => startServer("bare_tcp.ts", ["512"])),
        ours: await kibibytesEach(() => startServer("chat.ts")),
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

/** One line of chat_load.py. */
interface Slice {
  readonly server: number;
  readonly delivered: number;
  readonly expected: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly p99Ms: number;
}

async function load(
  what: "throughput" | "latency",
  servers: readonly ServerProcess[],
  { rounds, seconds }: Effort,
): Promise<Slice[]> {
  await using generator = startPeer("python3", [
    "-B",
    here("chat_load.py"),
    what,
    ...servers.map(({ port, pid }) => `${port}/${pid}`),
    "--members",
    `${MEMBERS}`,
    "--seconds",
    `${seconds}`,
    "--rounds",
    `${Math.round(rounds)}`,
  ]);
  const { code, stdout, stderr } = await generator.ended(
    1000 * (120 + 4 * servers.length * seconds * rounds),
  );
  if (code !== 0) throw new Error(`chat_load.py failed: ${stderr}`);
  const slices = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice);
  const short = slices.find((slice) => slice.server === 1 && slice.delivered !== slice.expected);
  if (short !== undefined) {
    throw new Error(`of ${short.expected} lines ${short.delivered} were delivered`);
  }
  return slices;
}

function paired(slices: readonly Slice[], figure: (slice: Slice) => number): Round[] {
  const of = (server: number) => slices.filter((slice) => slice.server === server).map(figure);
  const [bare, ours] = [of(0), of(1)];
  return bare.map((figure, round) => ({ bare: figure, ours: ours[round]! }));
}

async function kibibytesEach(start: () => Promise<ServerProcess>): Promise<number> {
  await using server = await start();
  const resident = () => {
    const status = Deno.readTextFileSync(`/proc/${server.pid}/status`);
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  };
  const held: Deno.Conn[] = [];
  const join = async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    held.push(conn);
    // An empty line joins and says nothing; either server answers it.
    await conn.write(new Uint8Array([10]));
    await conn.read(new Uint8Array(256));
  };
  try {
    // What only the first ones cost is not what each costs.
    for (let first = 0; first < 10; first++) await join();
    const before = await settled(resident);
    for (let more = 0; more < IDLE_MEMBERS; more++) await join();
    return (await settled(resident) - before) / IDLE_MEMBERS;
  } finally {
    for (const conn of held) conn.close();
  }
}

/** A figure that has stopped changing, or nearly. */
async function settled(figure: () => number): Promise<number> {
  for (let last = figure(), same = 0, looks = 0;; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = figure();
    same = Math.abs(now - last) < 64 ? same + 1 : 0;
    if (same === 5 || looks === 100) return now;
    last = now;
  }
}
