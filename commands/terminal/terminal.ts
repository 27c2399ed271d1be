// The terminal itself: its size, and whether it hands on every key at once.

/** What a command that edits needs of its terminal, besides reading and writing. */
export interface Terminal {
  columns(): number;
  /** In raw mode keys arrive as they are pressed, and nothing is shown of them. */
  setRaw(raw: boolean): void;
  /** Calls `run` when the window's size has changed, until the result is disposed of. */
  onResize(run: () => void): Disposable;
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  columns() {
    try {
      return Deno.consoleSize().columns || 80;
    } catch {
      // Stdout is a terminal without a size.
      return 80;
    }
  },
  setRaw: (raw) => Deno.stdin.setRaw(raw),
  onResize(run) {
    if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
    Deno.addSignalListener("SIGWINCH", run);
    return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", run) };
  },
};
