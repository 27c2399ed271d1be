/** Builds the executable for this machine: `deno task compile [--compiler FILE] [--output FILE]`. */

import { parseArgs } from "@std/cli/parse-args";
import { buildExecutable } from "./executable.ts";

function stop(reason: string, code = 1): never {
  console.error(reason);
  Deno.exit(code);
}

const given = parseArgs(Deno.args, {
  string: ["compiler", "output"],
  unknown: (argument) =>
    stop(`Cannot understand ${argument}: --compiler FILE and --output FILE are known`, 2),
});
const suffix = Deno.build.os === "windows" ? ".exe" : "";
const output = String(given["output"] || `${import.meta.dirname}/../dist/sockdock${suffix}`);
try {
  const compiler = String(given["compiler"] || Deno.execPath());
  console.log(await buildExecutable({ compiler, output }));
} catch (error) {
  stop((error as Error).message);
}
console.log(`${await Deno.realPath(output)}: ${(await Deno.stat(output)).size} bytes`);
