/**
 * Builds the executable: `deno task compile [--compiler FILE] [--output FILE]`.
 *
 * It asks for the permissions of the `sockdock` task, and embeds only the packages that main.ts
 * reaches, so none that serves development; deno.lock vouches for their integrity as always. An
 * executable that was there is replaced by one that was built and starts, and by nothing else.
 */

import { parseArgs } from "@std/cli/parse-args";
import { permissionFlags, WORKERS } from "./permissions.ts";

function stop(reason: string, code = 1): never {
  console.error(reason);
  Deno.exit(code);
}

/** Runs a program to its end; its success, and what it had to say without its stack. */
async function run(
  path: string,
  args: readonly string[],
): Promise<[success: boolean, said: string]> {
  try {
    const { success, stderr } = await new Deno.Command(path, { args: [...args], stdout: "null" })
      .output();
    return [success, new TextDecoder().decode(stderr).replace(/Stack backtrace:[^]*/, "").trim()];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [false, error.message];
  }
}

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const given = parseArgs(Deno.args, {
  string: ["compiler", "output"],
  unknown: (argument) =>
    stop(`Cannot understand ${argument}: --compiler FILE and --output FILE are known`, 2),
});
const compiler = String(given["compiler"] || Deno.execPath());
const suffix = Deno.build.os === "windows" ? ".exe" : "";
const output = String(given["output"] || `${root}/dist/sockdock${suffix}`);
const [, folder = "./", name = ""] = /^(.*[/\\])?([^/\\]*)$/.exec(output) ?? [];
// Beside the old one, so that it can take its place in one step.
const made = `${folder}.building-${Deno.pid}-${name}`;

/** Stops, and leaves nothing behind of what was being built. */
async function giveUp(reason: string): Promise<never> {
  await Deno.remove(made).catch(() => {});
  stop(reason);
}

const [built, report] = await run(compiler, [
  "compile",
  "--frozen",
  "--no-check", // `deno task check` does that.
  "--exclude-unused-npm",
  ...permissionFlags(),
  ...WORKERS.flatMap((worker) => ["--include", `${root}/${worker}`]),
  "--output",
  made,
  `${root}/main.ts`,
]);
if (!built) {
  await giveUp(
    "Cannot build the executable: " +
      (report.includes("Setting up base binary")
        ? "the runtime base (denort) could not be downloaded. " +
          `DENORT_BIN=<file> names a local one, made for the compiler ${compiler}.`
        : report),
  );
}

// A runtime base made for another compiler is taken without complaint, and cannot start.
const [starts, complaint] = await run(made, ["help"]);
if (!starts) {
  await giveUp(
    `Cannot start the executable that was built (does DENORT_BIN fit it?): ${complaint}`,
  );
}

try {
  await Deno.rename(made, output);
} catch (error) {
  await giveUp(`Cannot put the executable in its place: ${(error as Error).message}`);
}
console.log(report.replaceAll(made, output));
console.log(`${await Deno.realPath(output)}: ${(await Deno.stat(output)).size} bytes`);
