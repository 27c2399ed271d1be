/**
 * The permissions sockdock runs with. They stand in one place, the tasks of deno.json; the
 * executable and the process tests take them from there.
 */

/** The `--allow-...` flags of a task of deno.json. */
export function permissionFlags(task = "sockdock"): string[] {
  const config = new URL("../deno.json", import.meta.url);
  const { tasks } = JSON.parse(Deno.readTextFileSync(config)) as {
    tasks: Record<string, { command: string } | undefined>;
  };
  const command = tasks[task]?.command;
  if (command === undefined) throw new Error(`Cannot find the task ${task} in deno.json`);
  const flags = command.split(/\s+/).filter((word) => word.startsWith("--allow-"));
  if (flags.length === 0) throw new Error(`Cannot find any permission in the task ${task}`);
  return flags;
}
