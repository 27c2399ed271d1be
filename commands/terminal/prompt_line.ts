// The row of a terminal in which a line is typed, below all printed lines.

import type { EditorView } from "./line_editor.ts";
import { graphemes, graphemeWidth, textWidth } from "./text_width.ts";

/** The part of a terminal that a prompt line uses. */
interface Screen {
  columns(): number;
  write(text: string): void;
}

const ERASE_BELOW = "\x1b[J";
const NO_WRAP = "\x1b[?7l";
const WRAP = "\x1b[?7h";
/** DECSC and DECRC: the terminal knows best how wide its characters are. */
const SAVE_CURSOR = "\x1b7";
const RESTORE_CURSOR = "\x1b8";
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";

export class PromptLine {
  readonly #screen: Screen;
  readonly #content: (columns: number) => { readonly prompt: string; readonly view: EditorView };
  /** Number of columns of the row on the screen, up to the cursor. */
  #cursorColumn = 0;
  #isDrawn = false;
  #isOpen = false;

  constructor(
    screen: Screen,
    content: (columns: number) => { readonly prompt: string; readonly view: EditorView },
  ) {
    this.#screen = screen;
    this.#content = content;
  }

  /** Asks the terminal to mark pasted text, and draws the row. */
  open(): void {
    this.#isOpen = true;
    this.#screen.write(PASTE_ON);
    this.draw();
  }

  /** Erases the row and leaves the cursor where it began. */
  close(): void {
    this.#screen.write(this.#erased() + PASTE_OFF);
    this.#isDrawn = false;
    this.#isOpen = false;
  }

  draw(): void {
    if (!this.#isOpen) return;
    this.#screen.write(this.#erased() + this.#row());
  }

  /** Prints lines above the row, which stays as it is; before it is opened and after it is closed,
   * as lines alone. Their text must be harmless. */
  above(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (!this.#isOpen) return this.#screen.write(`${lines.join("\r\n")}\r\n`);
    this.#screen.write(`${this.#erased()}${lines.join("\r\n")}\r\n${this.#row()}`);
  }

  clearScreen(): void {
    if (!this.#isOpen) return;
    this.#screen.write(`\x1b[H\x1b[2J${this.#row()}`);
  }

  /** A terminal that became narrower may have broken the row into several: the cursor is in the
   * last of those before it. */
  resized(): void {
    if (!this.#isOpen) return;
    const columns = Math.max(1, this.#screen.columns());
    const rows = Math.floor(this.#cursorColumn / columns);
    const up = this.#isDrawn && rows > 0 ? `\x1b[${rows}A` : "";
    this.#screen.write(up + this.#erased() + this.#row());
  }

  #erased(): string {
    return this.#isDrawn ? `\r${ERASE_BELOW}` : "";
  }

  #row(): string {
    // The last column stays empty: a cursor behind it would be in the next row.
    const columns = Math.max(8, this.#screen.columns() - 1);
    const { prompt, view: { before, after } } = this.#content(columns);
    this.#isDrawn = true;
    this.#cursorColumn = textWidth(prompt) + textWidth(before);
    const rest = after === "" ? "" : `${SAVE_CURSOR}${after}${RESTORE_CURSOR}`;
    return `${NO_WRAP}${prompt}${before}${rest}${WRAP}`;
  }
}

/** The beginning of a text that fits into a number of columns. */
export function cutToWidth(text: string, columns: number): string {
  let width = 0;
  let cut = "";
  for (const one of graphemes(text)) {
    width += graphemeWidth(one);
    if (width > columns) return cut;
    cut += one;
  }
  return cut;
}
