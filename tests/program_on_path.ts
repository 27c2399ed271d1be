/** sockdock as a program called `sockdock`, for shells and pseudo-terminals. */

import { runFlags } from "../.ci/permissions.ts";

/** Writes a program `sockdock` into a folder, which runs what tests/program.ts runs, and returns
 * its path. */
export async function putSockdock(folder: string): Promise<string> {
  const path = `${folder}/sockdock`;
  const executable = Deno.env.get("SOCKDOCK_EXECUTABLE");
  const main = `${import.meta.dirname}/../main.ts`;
  const words = executable
    ? [executable]
    : [Deno.execPath(), "run", "--quiet", ...runFlags(), main];
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${words.map(quoted).join(" ")} "$@"\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

/** A word as the shell takes it literally. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
