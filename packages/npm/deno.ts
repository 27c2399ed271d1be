/**
 * Finds the Deno that runs the program: the one that SOCKDOCK_DENO names, or the build for this
 * platform that came with the npm package `deno`. That package's install script only makes a second
 * link to the build, so nothing is missing where scripts are not allowed to run.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { isAtLeast } from "../../core/runtime.ts";
import { packageFolder, type PackageJson, readPackageJson } from "./package_json.ts";

const REMEDY = "install Deno yourself and set SOCKDOCK_DENO to the path of its program";

/** How the program is started. */
export interface ProgramCommand {
  readonly path: string;
  /** What stands before the program's own arguments. */
  readonly args: readonly string[];
}

/**
 * The command line that runs sockdock.
 *
 * @throws {Error} with one line that names the remedy, where there is no Deno or one that is too old
 */
export function programCommand(): ProgramCommand {
  const packageJson = readPackageJson();
  const named = process.env.SOCKDOCK_DENO;
  if (named) requireVersion(named, packageJson);
  return {
    path: named || installedDeno(),
    args: ["run", ...packageJson.denoFlags, `${packageFolder}/lib/main.js`],
  };
}

/** What to say of a Deno that the system cannot start. */
export function cannotStart(path: string, error: Error): string {
  return `Cannot start Deno, ${path}: ${error.message}; ${REMEDY}`;
}

function installedDeno(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = `@deno/${platform}${process.platform === "linux" ? "-glibc" : ""}`;
  try {
    const ours = createRequire(`${packageFolder}/package.json`);
    // As that package itself would find it: package managers need not put it anywhere else.
    const build = createRequire(ours.resolve("deno/package.json")).resolve(`${name}/package.json`);
    const file = process.platform === "win32" ? "deno.exe" : "deno";
    const path = build.replace(/package\.json$/, file);
    if (existsSync(path)) return path;
  } catch {
    // Not installed.
  }
  throw new Error(
    `There is no Deno for ${platform} here (${name} is not installed); if npm was told to leave ` +
      `optional dependencies out, install again with them, and where that package does not ` +
      `exist, ${REMEDY}`,
  );
}

/** Refuses a Deno that cannot run the program, which would say so in many lines. */
function requireVersion(path: string, { engines }: PackageJson): void {
  const { error, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (error) throw new Error(cannotStart(path, error));
  const [, found] = /^deno ([\d.]+)/.exec(stdout) ?? [];
  const oldest = engines.deno.replace(/^\D+/, "");
  if (found === undefined) throw new Error(`SOCKDOCK_DENO: ${path} is not Deno`);
  if (!isAtLeast(found, oldest)) {
    throw new Error(
      `SOCKDOCK_DENO: sockdock needs Deno ${oldest} or newer, and ${path} is ${found}; ` +
        "install a newer one, or unset SOCKDOCK_DENO",
    );
  }
}
