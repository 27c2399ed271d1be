/** `copy` to `serve inbox` over TCP on loopback, beside a bare socket, file and SHA-256. */

import type { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Round } from "./benchmark.ts";
import { here, run, startServer } from "./server_process.ts";

const MIB = 1024 * 1024;

/** Speed of a whole copy, starting the program left out on both sides alike. */
export const copySpeed: Benchmark = {
  name: "copy",
  summary: "copy of 1 GiB over TCP (128 MiB with --quick), beside a bare socket and SHA-256",
  unit: "MB/s",
  target: { leastRatio: 0.6 },
  measure: async (effort) => ({ rounds: (await measure(effort)).speed }),
};

/** The most memory that either side of it held at any time. */
export const copyMemory: Benchmark = {
  name: "copy-memory",
  summary: "most memory of either process of a 1 GiB copy (128 MiB with --quick)",
  unit: "MB resident",
  target: { most: 200 },
  unavailable: () => Deno.build.os === "linux" ? null : "it reads /proc",
  measure: async (effort) => ({ rounds: (await measure(effort)).memory }),
};

interface Figures {
  readonly speed: readonly Round[];
  readonly memory: readonly Round[];
}

/** Both figures come from the same copies; a run that asks for both makes them once. */
let measured: Promise<Figures> | undefined;

function measure(effort: Effort): Promise<Figures> {
  return measured ??= measureOnce(effort);
}

async function measureOnce({ rounds }: Effort): Promise<Figures> {
  const quick = rounds < 10;
  const bytes = (quick ? 128 : 1024) * MIB;
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await writeFile(path, bytes);
  await using bare = await startServer("bare_copy.ts", ["receive", `${folder.path}/bare`]);
  const main = here("../../main.ts");
  await using ours = run([
    ...[main, "serve", "inbox", "tcp://127.0.0.1:0", `${folder.path}/in`, "--json", "--quiet"],
  ]);
  const [, url = ""] = await ours.stdout.line(/"url":"(tcp:[^"]+)"/);
  const speed: Round[] = [];
  const memory: Round[] = [];
  for (let round = 0; round < (quick ? 2 : 3); round++) {
    const bareFigure = await timed(
      [here("servers/bare_copy.ts"), "send", path, `${bare.port}`],
      bare.pid,
    );
    const ourFigure = await timed([main, "copy", path, url, "--quiet"], ours.pid);
    speed.push({
      bare: bytes / 1e6 / bareFigure.seconds,
      ours: bytes / 1e6 / ourFigure.seconds,
    });
    memory.push({ bare: bareFigure.mostBytes / 1e6, ours: ourFigure.mostBytes / 1e6 });
    await Deno.remove(`${folder.path}/in/file`);
  }
  return { speed, memory };
}

/** Runs a sender to its end. */
async function timed(
  command: readonly string[],
  receiver: number,
): Promise<{ seconds: number; mostBytes: number }> {
  const startedMs = performance.now();
  await using sender = run(command);
  const watching = watchMemory(sender);
  const { code, stderr } = await sender.ended(600_000);
  const seconds = (performance.now() - startedMs) / 1000;
  if (code !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  return { seconds, mostBytes: Math.max(await watching, highestResident(receiver) ?? 0) };
}

/** The most memory that a process has held, asked for until it ends. */
async function watchMemory({ pid }: RunningProcess): Promise<number> {
  let most = 0;
  for (;;) {
    const now = highestResident(pid);
    if (now === null) return most;
    most = Math.max(most, now);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The system keeps the highest figure by itself; null when there is no such process any more. */
function highestResident(pid: number): number | null {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

async function writeFile(path: string, bytes: number): Promise<void> {
  using file = await Deno.open(path, { create: true, write: true });
  const block = crypto.getRandomValues(new Uint8Array(64 * 1024));
  for (let written = 0; written < bytes;) written += await file.write(block);
}
