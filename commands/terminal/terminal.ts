// Functions of the terminal: its size, raw mode, and prompts for secrets.

import { UsageError } from "../../core/usage_error.ts";
import { KeyReader } from "./key_reader.ts";

/** The part of a terminal, besides reading and writing, that editing a line needs. */
export interface Terminal {
  columns(): number;
  /** In raw mode keys arrive as they are pressed, without echo. */
  setRaw(raw: boolean): void;
  /** Calls `run` when the window's size has changed, until the result is disposed of. */
  onResize(run: () => void): Disposable;
}

export const processTerminal: Terminal = {
  columns: () => terminalColumns(80),
  setRaw: (raw) => Deno.stdin.setRaw(raw),
  onResize(run) {
    if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
    Deno.addSignalListener("SIGWINCH", run);
    return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", run) };
  },
};

/** Width of the terminal; `otherwise` when there is none, or its width is unknown. */
export function terminalColumns(otherwise: number): number {
  try {
    return Deno.consoleSize().columns || otherwise;
  } catch {
    return otherwise;
  }
}

/** The user's Ctrl-C where it arrives as a key and not as a signal. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
}

/** Prints a question on stderr and reads a line without echo; null when there is no terminal. The
 * `prompt` of Deno writes to stdout, which may be a file that takes the data.
 *
 * @throws {InterruptedError} when the user presses Ctrl-C
 * @throws {UsageError} when the input ends instead, as by Ctrl-D */
export function promptSecret(question: string): string | null {
  if (!Deno.stdin.isTerminal()) return null;
  const encoder = new TextEncoder();
  // Before the question, so that nothing that answers it is echoed.
  Deno.stdin.setRaw(true);
  try {
    Deno.stderr.writeSync(encoder.encode(question));
    return readSecret();
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(encoder.encode("\n"));
  }
}

function readSecret(): string {
  const secret: string[] = [];
  const keys = new KeyReader();
  // One byte at a time: what was typed behind the line belongs to the next question.
  const byte = new Uint8Array(1);
  while (Deno.stdin.readSync(byte) !== null) {
    for (const pressed of keys.push(byte)) {
      if ("text" in pressed) secret.push(...pressed.text);
      else if (pressed.key === "enter") return secret.join("");
      else if (pressed.key === "interrupt") throw new InterruptedError("interrupted");
      else if (pressed.key === "delete-or-end" && secret.length === 0) throw inputEnded();
      else if (pressed.key === "backspace") secret.pop();
      else if (pressed.key === "kill-to-start") secret.length = 0;
      else if (pressed.key === "tab") secret.push("\t");
    }
  }
  throw inputEnded();
}

function inputEnded(): UsageError {
  return new UsageError("the input ended before there was a password");
}
