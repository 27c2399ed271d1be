// What --until-eof does: servers end with the program that started them.

import { stdinChunks } from "../terminal/stdin.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** Reads standard input to its end, whatever it says, and then stops the servers. */
export async function stopAtEof(io: Stdio, stop: () => void): Promise<void> {
  try {
    for await (const _ignored of stdinChunks(io));
  } catch {
    // What cannot be read any more has ended too.
  }
  stop();
}
