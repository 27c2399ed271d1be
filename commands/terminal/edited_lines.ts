// Lines that are typed with an editor in the last row of a terminal, while what is printed goes
// above it.

import { KeyReader } from "./key_reader.ts";
import { LineEditor } from "./line_editor.ts";
import { printable } from "./printable.ts";
import { PromptLine } from "./prompt_line.ts";
import { stdinChunks } from "./stdin.ts";
import type { Stdio } from "./stdio.ts";
import { InterruptedError, type Terminal } from "./terminal.ts";
import { textWidth } from "./text_width.ts";

/** Longest line, in UTF-16 units. */
const MAX_LINE_LENGTH = 16 * 1024;
/** Lines that may wait to be taken, for a peer that reads slowly. */
const MAX_WAITING_LINES = 10_000;

export class EditedLines implements Disposable {
  /** The standard streams, whose terminals are written above the row. */
  readonly io: Stdio;
  /** Rejects when the user presses Ctrl-C, which is a key here and no signal. */
  readonly interrupted: Promise<never>;
  readonly #below: Stdio;
  readonly #terminal: Terminal;
  readonly #label: string;
  readonly #editor = new LineEditor({ maxLength: MAX_LINE_LENGTH });
  readonly #prompt: PromptLine;
  readonly #waiting: string[] = [];
  #news = Promise.withResolvers<void>();
  #resizing: Disposable | undefined;
  #isOpen = false;
  #isEnded = false;

  /** @param label what stands before the line, such as `> ` */
  constructor(io: Stdio, terminal: Terminal, label: string) {
    this.#below = io;
    this.#terminal = terminal;
    this.#label = label;
    this.#prompt = new PromptLine(
      { columns: () => terminal.columns(), write: (text) => io.printRaw(text) },
      (columns) => ({ prompt: label, view: this.#editor.view(columns - textWidth(label)) }),
    );
    this.io = io.printingLines((lines) => this.#prompt.above(lines));
    const interrupted = Promise.withResolvers<never>();
    this.interrupted = interrupted.promise;
    this.interrupted.catch(() => {});
    this.#interrupt = () => interrupted.reject(new InterruptedError("interrupted"));
  }

  readonly #interrupt: () => void;

  /** Shows the row and yields each line that is entered, until Ctrl-D ends the input. To be called
   * once. */
  async *lines(): AsyncGenerator<string> {
    this.#terminal.setRaw(true);
    this.#isOpen = true;
    this.#resizing = this.#terminal.onResize(() => this.#prompt.resized());
    this.#prompt.open();
    const reading = this.#read();
    reading.catch(() => {});
    for (;;) {
      for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
        yield line;
      }
      if (this.#isEnded) return await reading;
      await this.#news.promise;
    }
  }

  /** Removes the row, and gives the terminal its own line editing back. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#prompt.close();
    this.#resizing?.[Symbol.dispose]();
    this.#terminal.setRaw(false);
  }

  /** Reads keys until the input ends. They are read also while nobody takes the lines, so that
   * Ctrl-C works. */
  async #read(): Promise<void> {
    const keys = new KeyReader();
    try {
      for await (const chunk of stdinChunks(this.#below)) {
        for (const key of keys.push(chunk)) {
          // What is pasted is as many lines as it has, unlike in a chat.
          if (key.key === "paste") this.#paste(key.text);
          else if (this.#press(key) === "end") return;
        }
        this.#prompt.draw();
      }
    } finally {
      this.#isEnded = true;
      this[Symbol.dispose]();
      this.#tell();
    }
  }

  #paste(text: string): void {
    const [first = "", ...others] = text.split(/\r\n|\r|\n/);
    this.#press({ key: "paste", text: first });
    for (const line of others) {
      this.#press({ key: "enter" });
      this.#press({ key: "paste", text: line });
    }
  }

  #press(key: Parameters<LineEditor["press"]>[0]): "end" | undefined {
    const done = this.#editor.press(key);
    switch (done?.action) {
      case "line":
        this.#enter(done.line);
        return undefined;
      case "interrupt":
        this.#interrupt();
        return undefined;
      case "end":
        return "end";
      case "clear-screen":
        this.#prompt.clearScreen();
        return undefined;
      case "bell":
        this.#below.printRaw("\x07");
        return undefined;
      case undefined:
        return undefined;
    }
  }

  #enter(line: string): void {
    if (this.#waiting.length >= MAX_WAITING_LINES) {
      this.#editor.set(line);
      this.#below.printRaw("\x07");
      return;
    }
    // What was typed stays above, as in a terminal without an editor.
    this.#prompt.above([this.#label + printable(line)]);
    this.#waiting.push(line);
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
