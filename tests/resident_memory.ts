/** What a server holds in memory, and what each connection adds to it. */

/** Resident memory of a process, in KiB. */
export function residentKib(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

/** Why memory cannot be measured over so many files, or null. */
export function memoryObstacle(files: number): string | null {
  if (Deno.build.os !== "linux") return "it reads /proc";
  // Deno raises its soft limit to the hard one when it starts.
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const most = Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return most >= files ? null : `only ${most} files may be open: ulimit -Hn ${files}`;
}

/** How many KiB each of so many connections adds to a server's resident memory. The last is opened
 * like all others, so `open` returns when the server has come to know of its connection. */
export async function kibibytesEach(
  pid: number,
  count: number,
  open: () => Promise<Deno.Conn>,
): Promise<number> {
  const held: Deno.Conn[] = [];
  try {
    // What only the first ones cost is not what each costs.
    while (held.length < 10) held.push(await open());
    const before = await settledKib(pid);
    for (let more = 0; more < count; more++) held.push(await open());
    return (await settledKib(pid) - before) / count;
  } finally {
    for (const conn of held) conn.close();
  }
}

/** The resident memory once it has nearly stopped changing, or after ten seconds. */
export async function settledKib(pid: number): Promise<number> {
  for (let last = residentKib(pid), same = 0, looks = 0;; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = residentKib(pid);
    same = Math.abs(now - last) < 64 ? same + 1 : 0;
    if (same === 5 || looks === 100) return now;
    last = now;
  }
}

/** The least resident memory within some time, or until it is low enough. */
export async function lowestKib(pid: number, withinMs: number, enoughKib = 0): Promise<number> {
  const end = performance.now() + withinMs;
  let lowest = residentKib(pid);
  while (performance.now() < end && lowest > enoughKib) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    lowest = Math.min(lowest, residentKib(pid));
  }
  return lowest;
}

/** Waits until the resident memory has fallen to so much; for half a minute at most, since the engine
 * collects its garbage, and ends the threads that it read files with, at its leisure.
 * @throws {Error} when it does not */
export async function fallsTo(pid: number, mostKib: number): Promise<void> {
  const lowest = await lowestKib(pid, 30_000, mostKib);
  if (lowest > mostKib) throw new Error(`${lowest} KiB are held, and not ${mostKib}`);
}
