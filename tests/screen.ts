/** What a terminal shows: enough of one to see what a person would see of a program that draws a row
 * below its output. Whatever it does not know is an error, so that nothing unknown is sent. */

import { graphemes, graphemeWidth } from "../commands/terminal/text_width.ts";

/** A screen of so many columns; it has as many rows as are needed. */
export class Screen {
  columns: number;
  /** Cells of each row; the second cell of a wide character is empty text. */
  readonly #rows: string[][] = [[]];
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
