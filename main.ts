// The one entrypoint: argv to command to exit code.

import { processStreams } from "./commands/terminal/standard_streams.ts";
import { runCommandLine } from "./commands/run.ts";

if (import.meta.main) {
  Deno.exit(await runCommandLine(Deno.args, processStreams(), (name) => Deno.env.get(name)));
}
