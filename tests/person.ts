/** A person at a pseudo-terminal: keys go in, a screen comes out. */

import type { RunningProcess } from "./running_process.ts";
import { Screen } from "./screen.ts";

/** A person at a terminal, whose program runs in `tests/peers/terminal.py`. */
export class Person {
  readonly screen: Screen;
  readonly process: RunningProcess;
  #fed = 0;

  constructor(process: RunningProcess, columns: number) {
    this.process = process;
    this.screen = new Screen(columns);
  }

  async type(keys: string | Uint8Array): Promise<void> {
    await this.process.write(keys);
  }

  async resize(columns: number): Promise<void> {
    this.screen.columns = columns;
    await this.type(`\x1b]resize;${columns};24\x07`);
  }

  /** Waits until the screen is as it should be. */
  async sees(isSo: (screen: Screen) => boolean, what: string): Promise<void> {
    await this.process.stdout.until((text) => {
      this.screen.write(text.slice(this.#fed));
      this.#fed = text.length;
      return isSo(this.screen);
    }, what);
  }

  /** Waits until the row of the cursor, which a bar shows, is this. */
  async seesPrompt(row: string): Promise<void> {
    try {
      await this.sees((screen) => screen.cursorLine === row, row);
    } catch (error) {
      throw new Error(`the screen shows\n${this.shown}`, { cause: error });
    }
  }

  /** Waits until one of the rows ends like this. */
  async seesLine(end: string): Promise<void> {
    try {
      await this.sees((screen) => screen.lines.some((line) => line.endsWith(end)), end);
    } catch (error) {
      throw new Error(`the screen shows\n${this.shown}`, { cause: error });
    }
  }

  get shown(): string {
    return [...this.screen.lines, this.screen.cursorLine].join("\n");
  }
}
