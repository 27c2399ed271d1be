/**
 * Builds one executable. It asks for the permissions of the `sockdock` task, and embeds only the
 * packages that main.ts reaches, so none that serves development; deno.lock vouches for their
 * integrity as always. An executable that was there is replaced by one that was built and, on the
 * machine that it is for, starts, and by nothing else.
 */

import { permissionFlags, WORKERS } from "./permissions.ts";

export interface Building {
  /** The Deno that compiles. */
  readonly compiler: string;
  /** Where the executable goes. */
  readonly output: string;
  /** The target, as Deno names it. Default: this machine. */
  readonly target?: string;
}

/** Stack of the compiler's threads: with the packages that telemetry reaches, compilers of 2.8 overflow
 * the usual 2 MiB. */
const COMPILER_STACK_BYTES = 64 * 1024 * 1024;

const root = await Deno.realPath(`${import.meta.dirname}/..`);

/** Builds an executable, and leaves nothing behind of one that cannot be built.
 * @returns what the compiler said of it
 * @throws {Error} in one line, with the reason and, if there is one, the remedy */
export async function buildExecutable({ compiler, output, target }: Building): Promise<string> {
  const [, folder = "./", name = ""] = /^(.*[/\\])?([^/\\]*)$/.exec(output) ?? [];
  // Beside the old one, so that it can take its place in one step.
  const made = `${folder}.building-${Deno.pid}-${name}`;
  try {
    const isForeign = target !== undefined && target !== Deno.build.target;
    const [built, report] = await run(compiler, [
      "compile",
      "--frozen",
      "--no-check", // `deno task check` does that.
      "--exclude-unused-npm",
      ...permissionFlags(),
      ...WORKERS.flatMap((worker) => ["--include", `${root}/${worker}`]),
      ...(target === undefined ? [] : ["--target", target]),
      "--output",
      made,
      `${root}/main.ts`,
    ], isForeign);
    if (!built) {
      throw new Error(`Cannot build the executable: ${reason(report, compiler, isForeign)}`);
    }
    if (!isForeign) {
      // A runtime base made for another compiler is taken without complaint, and cannot start.
      const [starts, complaint] = await run(made, ["help"]);
      if (!starts) {
        throw new Error(
          `Cannot start the executable that was built (does DENORT_BIN fit it?): ${complaint}`,
        );
      }
    }
    try {
      await Deno.rename(made, output);
    } catch (error) {
      throw new Error(`Cannot put the executable in its place: ${(error as Error).message}`);
    }
    return report.replaceAll(made, output);
  } catch (error) {
    await Deno.remove(made).catch(() => {});
    throw error;
  }
}

function reason(report: string, compiler: string, isForeign: boolean): string {
  if (!report.includes("Setting up base binary")) return report;
  return "the runtime base (denort) could not be downloaded" +
    (isForeign ? "" : `. DENORT_BIN=<file> names a local one, made for the compiler ${compiler}.`);
}

/** Runs a program to its end; its success, and what it had to say without its stack.
 * @param isForeign whether it builds for another machine, which a local runtime base does not fit */
async function run(
  path: string,
  args: readonly string[],
  isForeign = false,
): Promise<[success: boolean, said: string]> {
  try {
    const { DENORT_BIN, ...others } = Deno.env.toObject();
    const { success, stderr } = await new Deno.Command(path, {
      args: [...args],
      stdout: "null",
      clearEnv: true,
      env: {
        RUST_MIN_STACK: String(COMPILER_STACK_BYTES),
        ...others,
        ...(DENORT_BIN !== undefined && !isForeign && { DENORT_BIN }),
      },
    }).output();
    return [success, new TextDecoder().decode(stderr).replace(/Stack backtrace:[^]*/, "").trim()];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return [false, error.message];
  }
}
