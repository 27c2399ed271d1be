/** A connection from which given chunks are read, one by one. */

import type { Connection } from "../core/connection.ts";

/** @param chunks with one character for each byte */
export function connectionOf(...chunks: readonly string[]): Connection {
  const left = chunks.map((chunk) =>
    Uint8Array.from(chunk, (character) => character.charCodeAt(0))
  );
  return {
    local: { transport: "unix", path: "" },
    remote: { transport: "unix", path: "" },
    read(into) {
      const chunk = left.shift();
      if (chunk === undefined) return Promise.resolve(null);
      const count = Math.min(chunk.length, into.length);
      into.set(chunk.subarray(0, count));
      if (count < chunk.length) left.unshift(chunk.subarray(count));
      return Promise.resolve(count);
    },
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]: () => {},
  };
}

/** The text in pieces of this many characters. */
export function inPieces(text: string, size: number): string[] {
  return text.match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
}
