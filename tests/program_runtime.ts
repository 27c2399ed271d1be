/** Which runtime sockdock runs on: an executable brings its own, and CI can only get an old one. */

import { runProgram } from "./program.ts";

let version: Promise<string> | undefined;

/** Whether the program under test runs on this version of Deno, such as `2.9`, or a newer one. */
export async function runsOn(minimum: string): Promise<boolean> {
  version ??= runProgram(["--version"]).then(({ stdout }) =>
    /deno ([\d.]+)/.exec(stdout)?.[1] ?? ""
  );
  const numbers = (text: string) => text.split(".").map(Number);
  const [major = 0, minor = 0, patch = 0] = numbers(await version);
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = numbers(minimum);
  return (major - wantedMajor || minor - wantedMinor || patch - wantedPatch) >= 0;
}
