// Whether the terminal is ours to read.

import type { Console } from "./console.ts";

/** Whether somebody can type at us. A program in the background of a shell that reads from the terminal
 * is stopped by the system (SIGTTIN), so it must not even try. */
export function hasTerminal(console: Console): boolean {
  return console.stdin.isTerminal && isForeground();
}

function isForeground(): boolean {
  if (Deno.build.os !== "linux") return true;
  const path = "/proc/self/stat";
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return true;
    // After the name in parentheses, which may hold anything: state, parent, process group, session,
    // terminal and the terminal's foreground group (proc(5)).
    const fields = Deno.readTextFileSync(path).replace(/^.*\) /s, "").split(" ");
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}
