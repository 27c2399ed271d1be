// The one entrypoint: argv to command to exit code.

import { processStdio } from "./commands/terminal/stdio.ts";
import { runCommandLine } from "./commands/run.ts";

if (import.meta.main) {
  Deno.exit(await runCommandLine(Deno.args, processStdio(), (name) => Deno.env.get(name)));
}
