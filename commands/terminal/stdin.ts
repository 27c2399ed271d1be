// Reads stdin in chunks and in lines, and tells whether its terminal may be read.

import type { Stdio } from "./stdio.ts";

/** Stdin as chunks, each valid until the next is asked for. */
export async function* stdinChunks(io: Stdio): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await io.stdin.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Stdin as lines without their LF or CRLF, each a copy. A last line without one counts too. */
export async function* stdinLines(io: Stdio, maxLineBytes: number): AsyncGenerator<Uint8Array> {
  const { createFramer } = await import("../../core/streams/framing.ts");
  const framer = createFramer("line", maxLineBytes)!;
  for await (const chunk of stdinChunks(io)) {
    framer.push(chunk);
    for (let line = framer.next(); line !== null; line = framer.next()) yield line.slice();
  }
  const rest = framer.rest();
  if (rest !== null) yield rest.slice();
}

/** Whether stdin is a terminal that may be read. A program in the background of a shell that reads from
 * its terminal is stopped by the system (SIGTTIN), so it must not even try. */
export function hasTerminal(io: Stdio): boolean {
  return io.stdin.isTerminal && isForeground();
}

function isForeground(): boolean {
  if (Deno.build.os !== "linux") return true;
  const path = "/proc/self/stat";
  try {
    if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return true;
    // After the name in parentheses, which may hold anything: state, parent, process group, session,
    // terminal and the terminal's foreground group (proc(5)).
    const fields = Deno.readTextFileSync(path).replace(/^.*\) /s, "").split(" ");
    return fields[2] === fields[5];
  } catch {
    return true;
  }
}
