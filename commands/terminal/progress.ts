// A progress bar on stderr, when that is a terminal.

import type { Stdio } from "./stdio.ts";

const REDRAW_MS = 100;
const BAR_COLUMNS = 24;
const SHORT_BAR_COLUMNS = 10;

/** Draws the progress of a transfer in bytes. Draws nothing when stderr is no terminal. */
export class Progress implements Disposable {
  readonly #io: Stdio;
  readonly #totalBytes: number | undefined;
  readonly #detail: () => string;
  #keptBytes: number;
  readonly #shown: boolean;
  readonly #startedMs = performance.now();
  #doneBytes = 0;
  #drawnMs = -Infinity;
  #ended = false;

  /** @param totalBytes undefined when it is not known
   * @param keptBytes bytes that were there already, from an earlier attempt
   * @param detail more text for the end of the line; none when empty */
  constructor(
    io: Stdio,
    totalBytes: number | undefined,
    keptBytes = 0,
    detail: () => string = () => "",
  ) {
    this.#detail = detail;
    this.#io = io;
    this.#totalBytes = totalBytes;
    this.#keptBytes = keptBytes;
    this.#doneBytes = keptBytes;
    this.#shown = io.stderrIsTerminal && !io.quiet && !io.json;
  }

  add(bytes: number): void {
    this.at(this.#doneBytes + bytes, this.#keptBytes);
  }

  at(doneBytes: number, keptBytes: number): void {
    this.#doneBytes = doneBytes;
    this.#keptBytes = keptBytes;
    const nowMs = performance.now();
    if (this.#shown && nowMs - this.#drawnMs >= REDRAW_MS) {
      this.#drawnMs = nowMs;
      this.#io.draw(`\r${this.#line}\x1b[K`);
    }
  }

  /** Removes the line until it is drawn again, so that another can be printed. */
  clear(): void {
    if (!this.#shown) return;
    this.#drawnMs = -Infinity;
    this.#io.draw("\r\x1b[K");
  }

  /** Draws the bar for the last time. Further calls have no effect. */
  [Symbol.dispose](): void {
    if (!this.#shown || this.#ended) return;
    this.#ended = true;
    this.#io.draw(`\r${this.#line}\x1b[K\n`);
  }

  get #line(): string {
    const elapsedMs = Math.max(1, performance.now() - this.#startedMs);
    return progressLine(this.#doneBytes, this.#totalBytes, elapsedMs, this.#keptBytes, {
      columns: this.#io.columns,
      detail: this.#detail(),
    });
  }
}

/** `[######......] 42%  1.30 MiB of 3.00 MiB  512 KiB/s  4 s left`
 *
 * @param keptBytes those of `doneBytes` that were there before `elapsedMs` began
 * @param fit the width of the line, since one that wraps would not be drawn over; and its detail */
export function progressLine(
  doneBytes: number,
  totalBytes: number | undefined,
  elapsedMs: number,
  keptBytes = 0,
  { columns = Infinity, detail = "" }: { readonly columns?: number; readonly detail?: string } = {},
): string {
  const rate = (doneBytes - keptBytes) / (elapsedMs / 1000);
  const speed = `${roundSize(rate)}/s`;
  const more = detail === "" ? [] : [detail];
  if (totalBytes === undefined || totalBytes === 0) {
    return firstThatFits([[roundSize(doneBytes), speed, ...more], [roundSize(doneBytes)]], columns);
  }
  const part = Math.min(1, doneBytes / totalBytes);
  const percent = `${Math.floor(part * 100)}%`;
  const bar = (width: number) => {
    const filled = Math.round(part * width);
    return `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${percent}`;
  };
  const leftSeconds = rate > 0 ? Math.ceil((totalBytes - doneBytes) / rate) : 0;
  const sizes = `${roundSize(doneBytes)} of ${roundSize(totalBytes)}`;
  const rest = [speed, ...(part < 1 ? [`${leftSeconds} s left`] : [])];
  return firstThatFits([
    [bar(BAR_COLUMNS), sizes, ...rest, ...more],
    [bar(SHORT_BAR_COLUMNS), sizes, ...rest, ...more],
    [bar(SHORT_BAR_COLUMNS), ...rest, ...more],
    [percent, ...rest, ...more],
    [percent, ...rest],
    [percent],
  ], columns);
}

/** The first line that leaves the last column free for the cursor; else what fits of the last. */
function firstThatFits(lines: readonly (readonly string[])[], columns: number): string {
  const room = Math.max(0, columns - 1);
  const texts = lines.map((parts) => parts.join("  "));
  return texts.find(({ length }) => length <= room) ?? texts.at(-1)!.slice(0, room);
}

/** A size in three digits, such as 1.30 MiB, or four from 1000 to 1023. */
export function roundSize(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  const unit = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  const count = bytes / 1024 ** unit;
  // `toPrecision(3)` would write 1.02e+3.
  const digits = count < 999.5 ? count.toPrecision(3) : count.toFixed(0);
  return `${digits} ${["B", "KiB", "MiB", "GiB"][unit]}`;
}
