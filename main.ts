// The one entrypoint: argv to command to exit code.

import { processConsole } from "./commands/terminal/console.ts";
import { runCommandLine } from "./commands/run.ts";

if (import.meta.main) {
  Deno.exit(await runCommandLine(Deno.args, processConsole(), (name) => Deno.env.get(name)));
}
