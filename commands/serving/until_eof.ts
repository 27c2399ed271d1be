// The option --until-eof of everything that serves: a program that starts servers holds their standard
// input open, and however it ends, be it by SIGKILL, the system closes that pipe and the servers end
// with it.

import { flag } from "../../core/options/option.ts";
import { stdinChunks } from "../terminal/stdin.ts";
import type { Stdio } from "../terminal/stdio.ts";

export const untilEofOptions = {
  untilEof: flag({
    help: "stop when stdin ends, as when its parent process exits",
    negatable: false,
  }),
} as const;

/** Reads standard input to its end, whatever it says, and then stops the servers. */
export async function stopAtEof(io: Stdio, stop: () => void): Promise<void> {
  try {
    for await (const _ignored of stdinChunks(io));
  } catch {
    // What cannot be read any more has ended too.
  }
  stop();
}
