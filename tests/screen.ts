/** What a terminal shows: enough of one to see what a person would see of a program that draws a row
 * below its output. Whatever it does not know is an error, so that nothing unknown is sent. */

import { graphemes, graphemeWidth } from "../commands/terminal/text_width.ts";

/** How a piece of text looks: its foreground as the parameters of SGR have it, and the rest. */
export interface Style {
  /** `36`, or `38;5;129`; empty for the default. */
  readonly color: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
}

/** Text of one style. */
export interface Run {
  readonly text: string;
  readonly style: Style;
}

const PLAIN: Style = { color: "", bold: false, dim: false, inverse: false };

/** A screen of so many columns; it has as many rows as are needed. */
export class Screen {
  columns: number;
  /** Cells of each row; the second cell of a wide character is empty text. */
  readonly #rows: string[][] = [[]];
  readonly #styles = new WeakMap<string[], Style[]>();
  #style = PLAIN;
  #row = 0;
  #column = 0;
  #saved = [0, 0];
  #wraps = true;
  #rest = "";
  /** How often the bell rang. */
  bells = 0;
  /** Whether pastes are marked. */
  marksPastes = false;

  constructor(columns: number) {
    this.columns = columns;
  }

  /** The rows without the blanks at their ends. */
  get lines(): string[] {
    return this.#rows.map((cells) => Array.from(cells, (cell) => cell ?? " ").join("").trimEnd());
  }

  /** The rows as pieces of one style each, without the blanks at their ends. */
  get runs(): Run[][] {
    return this.#rows.map((cells) => {
      const styles = this.#styles.get(cells) ?? [];
      const runs: { text: string; style: Style }[] = [];
      for (const [column, cell] of Array.from(cells, (cell) => cell ?? " ").entries()) {
        const style = styles[column] ?? PLAIN;
        const last = runs.at(-1);
        if (last !== undefined && isSame(last.style, style)) last.text += cell;
        else runs.push({ text: cell, style });
      }
      const last = runs.at(-1);
      if (last !== undefined && !last.style.inverse) last.text = last.text.trimEnd();
      return runs.filter(({ text }) => text !== "");
    });
  }

  /** Where the next character goes. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** The row with the cursor, which is shown as a bar. */
  get cursorLine(): string {
    const cells = Array.from(this.#rows[this.#row]!, (cell) => cell ?? " ");
    while (cells.length < this.#column) cells.push(" ");
    return `${cells.slice(0, this.#column).join("")}|${
      cells.slice(this.#column).join("").trimEnd()
    }`;
  }

  /** Takes what a program wrote. */
  write(text: string): void {
    let rest = this.#rest + text;
    this.#rest = "";
    while (rest !== "") {
      if (rest.startsWith("\x1b")) {
        // deno-lint-ignore no-control-regex
        const match = /^\x1b(?:\[([?\d;]*)([@-~])|([78]))/.exec(rest);
        if (match === null) {
          if (rest.length > 20) throw new Error(`unknown sequence ${JSON.stringify(rest)}`);
          this.#rest = rest;
          return;
        }
        this.#control(match[1] ?? "", match[2] ?? match[3] ?? "");
        rest = rest.slice(match[0].length);
        continue;
      }
      // deno-lint-ignore no-control-regex
      const [plain = ""] = /^[^\x00-\x1f\x7f-\x9f]*/.exec(rest) ?? [];
      if (plain === "") {
        this.#obey(rest[0]!);
        rest = rest.slice(1);
        continue;
      }
      for (const character of graphemes(plain)) this.#put(character);
      rest = rest.slice(plain.length);
    }
  }

  #put(character: string): void {
    const width = graphemeWidth(character);
    if (this.#column + width > this.columns) {
      if (this.#wraps) this.#newline(true);
      else this.#column = this.columns - width;
    }
    const row = this.#rows[this.#row]!;
    row[this.#column] = character;
    const styles = this.#styles.get(row) ?? [];
    styles[this.#column] = this.#style;
    this.#styles.set(row, styles);
    if (width === 2) row[this.#column + 1] = "";
    this.#column += width;
  }

  #newline(returns: boolean): void {
    this.#row++;
    this.#rows[this.#row] ??= [];
    if (returns) this.#column = 0;
  }

  #obey(control: string): void {
    if (control === "\r") this.#column = 0;
    else if (control === "\n") this.#newline(false);
    else if (control === "\x07") this.bells++;
    else throw new Error(`unknown control ${JSON.stringify(control)}`);
  }

  #control(parameters: string, final: string): void {
    const count = Number(parameters || "1");
    switch (parameters.startsWith("?") ? parameters + final : final) {
      case "m":
        this.#style = styled(this.#style, parameters);
        break;
      case "A":
        this.#row = Math.max(0, this.#row - count);
        break;
      case "J":
        if (parameters === "2") {
          this.#rows.splice(0, this.#rows.length, []);
          this.#row = 0;
          break;
        }
        this.#rows.length = this.#row + 1;
        this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.#column);
        break;
      case "H":
        [this.#row, this.#column] = [0, 0];
        break;
      case "7":
        this.#saved = [this.#row, this.#column];
        break;
      case "8":
        [this.#row = 0, this.#column = 0] = this.#saved;
        break;
      case "?7l":
      case "?7h":
        this.#wraps = final === "h";
        break;
      case "?2004l":
      case "?2004h":
        this.marksPastes = final === "h";
        break;
      default:
        throw new Error(`unknown sequence ESC [ ${parameters} ${final}`);
    }
  }
}

/** A style after the parameters of SGR (ECMA-48 8.3.117): those that our programs use. */
function styled(style: Style, parameters: string): Style {
  const [, before = "", color = "", after = ""] = /^(.*?)(38;5;\d+)?((?:;.*)?)$/.exec(parameters) ??
    [];
  let next = color === "" ? style : { ...style, color };
  for (const code of (before + after).split(";")) {
    if (code === "0" || (code === "" && color === "")) next = PLAIN;
    else if (code === "1") next = { ...next, bold: true };
    else if (code === "2") next = { ...next, dim: true };
    else if (code === "7") next = { ...next, inverse: true };
    else if (code === "22") next = { ...next, bold: false, dim: false };
    else if (code === "27") next = { ...next, inverse: false };
    else if (/^3[0-7]$/.test(code)) next = { ...next, color: code };
    else if (code === "39") next = { ...next, color: "" };
  }
  return next;
}

function isSame(one: Style, other: Style): boolean {
  return one.color === other.color && one.bold === other.bold && one.dim === other.dim &&
    one.inverse === other.inverse;
}
