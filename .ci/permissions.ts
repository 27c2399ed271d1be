/**
 * How sockdock is run: with which permissions, and how its modules are loaded. That stands in one
 * place, the tasks of deno.json; the executable and the process tests take it from there.
 */

/** Modules that only a Worker loads, which is nothing that a bundler or compiler would see. */
export const WORKERS: readonly string[] = ["protocols/chat/history/sqlite_worker.ts"];

/** The flags that a task of deno.json gives to `deno run`. */
export function runFlags(task = "sockdock"): string[] {
  const config = new URL("../deno.json", import.meta.url);
  const { tasks } = JSON.parse(Deno.readTextFileSync(config)) as {
    tasks: Record<string, { command: string } | undefined>;
  };
  const command = tasks[task]?.command ?? "";
  const [, flags] = /\bdeno run ((?:--\S+ )+)(?:"\$PROJECT\/)?main\.ts\b/.exec(command) ?? [];
  if (flags === undefined) throw new Error(`Cannot find the task ${task} in deno.json`);
  return flags.trim().split(" ");
}

/** The `--allow-...` flags among them. */
export function permissionFlags(task = "sockdock"): string[] {
  const flags = runFlags(task).filter((flag) => flag.startsWith("--allow-"));
  if (flags.length === 0) throw new Error(`Cannot find any permission in the task ${task}`);
  return flags;
}
