// What comes in on stdin.

import type { Console } from "./console.ts";

/** Stdin as chunks, each valid until the next is asked for. */
export async function* stdinChunks(console: Console): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await console.stdin.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Stdin as lines without their LF or CRLF, each a copy. A last line without one counts too. */
export async function* stdinLines(
  console: Console,
  maxLineBytes: number,
): AsyncGenerator<Uint8Array> {
  const { createFramer } = await import("../../core/streams/framing.ts");
  const framer = createFramer("line", maxLineBytes)!;
  for await (const chunk of stdinChunks(console)) {
    framer.push(chunk);
    for (let line = framer.next(); line !== null; line = framer.next()) yield line.slice();
  }
  const rest = framer.rest();
  if (rest !== null) yield rest.slice();
}
