// Functions of the terminal: its size, raw mode, and prompts for secrets.

const ENTER = /[\r\n]/;
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const BACKSPACE = /[\b\x7f]/;

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

/** Prints a question on stderr and reads a line without echo; null when there is no terminal or the
 * user cancels with Ctrl-C or Ctrl-D. The `prompt` of Deno writes to stdout, which may be a file
 * that takes the data. */
export function promptSecret(question: string): string | null {
  if (!Deno.stdin.isTerminal()) return null;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  Deno.stderr.writeSync(encoder.encode(question));
  Deno.stdin.setRaw(true);
  try {
    const secret: string[] = [];
    const buffer = new Uint8Array(256);
    for (;;) {
      const count = Deno.stdin.readSync(buffer);
      if (count === null) return null;
      for (const character of decoder.decode(buffer.subarray(0, count), { stream: true })) {
        if (ENTER.test(character)) return secret.join("");
        if (character === CTRL_C || character === CTRL_D) return null;
        if (BACKSPACE.test(character)) secret.pop();
        else secret.push(character);
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(encoder.encode("\n"));
  }
}
