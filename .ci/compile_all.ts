/**
 * Builds the executables of a release and their SHA256SUMS:
 * `deno task compile:all [--compiler FILE] [--folder FOLDER]`, by default into `dist`.
 *
 * The runtime base of each target comes from Deno's download server. A target whose base cannot be
 * had is said in one line; those that were built remain, and the exit code is 1.
 */

import { parseArgs } from "@std/cli/parse-args";
import { buildExecutable } from "./executable.ts";

const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

const given = parseArgs(Deno.args, {
  string: ["compiler", "folder"],
  unknown(argument) {
    console.error(`Cannot understand ${argument}: --compiler FILE and --folder FOLDER are known`);
    Deno.exit(2);
  },
});
const compiler = String(given["compiler"] || Deno.execPath());
const folder = String(given["folder"] || `${import.meta.dirname}/../dist`);
try {
  await Deno.mkdir(folder, { recursive: true });
} catch (error) {
  console.error(`${(error as Error).message}; --folder FOLDER puts the executables elsewhere`);
  Deno.exit(1);
}

const sums: string[] = [];
for (const target of TARGETS) {
  const name = `sockdock-${target}${target.includes("windows") ? ".exe" : ""}`;
  const output = `${folder}/${name}`;
  try {
    await buildExecutable({ compiler, output, target });
    const bytes = await Deno.readFile(output);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    sums.push(`${digest}  ${name}\n`);
    console.log(`${name}: ${bytes.length} bytes`);
  } catch (error) {
    console.error(`${name}: ${(error as Error).message.replace(/\s*\n\s*/g, " ")}`);
  }
}
// As sha256sum writes it, so that "sha256sum --check SHA256SUMS" reads it.
if (sums.length > 0) await Deno.writeTextFile(`${folder}/SHA256SUMS`, sums.join(""));
if (sums.length < TARGETS.length) {
  console.error(`${sums.length} of ${TARGETS.length} executables were built`);
  Deno.exit(1);
}
