/** The servers that are measured, each a process of its own. */

import { RunningProcess } from "../running_process.ts";

const DENO_FLAGS = ["run", "--quiet", "--allow-all", "--config", here("../../deno.json")];

/** A server that listens. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
}

/** Starts a program of `servers/` and waits for its first line, the URL.
 * @param flags further flags of Deno */
export async function startServer(
  program: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  await using starting = new AsyncDisposableStack();
  const process = starting.use(run([...flags, here(`servers/${program}`), ...args]));
  const [url] = await process.stdout.line(/^[\w+]+:\/\/\S+$/);
  const owned = starting.move();
  return {
    pid: process.pid,
    url,
    port: Number(new URL(url.replace(/^[\w+]+:/, "http:")).port || "80"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts a TypeScript program with the project's configuration. */
export function run(command: readonly string[]): RunningProcess {
  return new RunningProcess(Deno.execPath(), [...DENO_FLAGS, ...command]);
}

/** The path of a file beside this one. */
export function here(relative: string): string {
  return decodeURIComponent(new URL(relative, import.meta.url).pathname);
}
