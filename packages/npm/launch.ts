/**
 * What `npx sockdock` runs: Deno, with the permissions of the program, on the streams and the
 * terminal of this process, whose end is the program's.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { isatty } from "node:tty";
import { cannotStart, programCommand } from "./deno.ts";
import { packageFolder } from "./package_json.ts";

function fail(error: unknown): never {
  console.error(`error: ${(error as Error).message}`);
  process.exit(1);
}

/** The words by which a person called this program, for commands that it shows. */
function calledAs(): string {
  try {
    // The folder that npx made for this package says what npx was given, such as a tarball.
    const { _npx: npx } = JSON.parse(readFileSync(`${packageFolder}/../../package.json`, "utf8"));
    const [what] = npx.packages;
    return `npx ${/[^\w./\\:@~-]/.test(what) ? `"${what}"` : what}`;
  } catch {
    return /node_modules[/\\]/.test(process.argv[1] ?? "") ? "npx sockdock" : "sockdock";
  }
}

const PARENT_EVERY_MS = 1000;

/** Calls `gone` when npx has ended: it runs this program in a shell, which a signal to npx ends without
 * a word to us. In a script of npm the shell may end before what it left in the background. */
function whenNpxIsGone(gone: () => void): void {
  if (process.env.npm_command !== "exec") return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, PARENT_EVERY_MS);
}

function launch(): void {
  const { path, args } = programCommand();
  const child = spawn(path, [...args, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { DENO_NO_UPDATE_CHECK: "1", SOCKDOCK_CALLED_AS: calledAs(), ...process.env },
  });
  child.on("error", (error) => fail(new Error(cannotStart(path, error))));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // Ctrl-C reaches every process at the terminal; passed on it would count as the second one.
      if (name !== "SIGINT" || !isatty(0)) child.kill(name);
    });
  }
  whenNpxIsGone(() => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

try {
  launch();
} catch (error) {
  fail(error);
}
