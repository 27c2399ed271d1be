// A progress bar on stderr, when that is a terminal.

import type { Console } from "./console.ts";

/** How often it is drawn at most, in milliseconds. */
const REDRAW_MS = 100;
const BAR_COLUMNS = 24;

/** Shows how far something has come. Does nothing where nobody would see it. */
export class Progress implements Disposable {
  readonly #console: Console;
  readonly #totalBytes: number | undefined;
  readonly #shown: boolean;
  readonly #startedMs = performance.now();
  #doneBytes = 0;
  #drawnMs = -Infinity;

  /** @param totalBytes undefined when nobody knows */
  constructor(console: Console, totalBytes: number | undefined) {
    this.#console = console;
    this.#totalBytes = totalBytes;
    this.#shown = console.stderrIsTerminal && !console.quiet && !console.json;
  }

  add(bytes: number): void {
    this.#doneBytes += bytes;
    const nowMs = performance.now();
    if (this.#shown && nowMs - this.#drawnMs >= REDRAW_MS) {
      this.#drawnMs = nowMs;
      this.#console.draw(
        `\r${progressLine(this.#doneBytes, this.#totalBytes, this.#elapsed)}\x1b[K`,
      );
    }
  }

  [Symbol.dispose](): void {
    if (!this.#shown) return;
    this.#console.draw(
      `\r${progressLine(this.#doneBytes, this.#totalBytes, this.#elapsed)}\x1b[K\n`,
    );
  }

  get #elapsed(): number {
    return Math.max(1, performance.now() - this.#startedMs);
  }
}

/** `[######......] 42%  1.30 MiB of 3.00 MiB  512 KiB/s  4 s left` */
export function progressLine(
  doneBytes: number,
  totalBytes: number | undefined,
  elapsedMs: number,
): string {
  const rate = doneBytes / (elapsedMs / 1000);
  const speed = `${roundSize(rate)}/s`;
  if (totalBytes === undefined || totalBytes === 0) return `${roundSize(doneBytes)}  ${speed}`;
  const part = Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(part * BAR_COLUMNS);
  const leftSeconds = rate > 0 ? Math.ceil((totalBytes - doneBytes) / rate) : 0;
  return [
    `[${"#".repeat(filled)}${".".repeat(BAR_COLUMNS - filled)}] ${Math.floor(part * 100)}%`,
    `${roundSize(doneBytes)} of ${roundSize(totalBytes)}`,
    speed,
    ...(part < 1 ? [`${leftSeconds} s left`] : []),
  ].join("  ");
}

/** A size in three digits, such as 1.30 MiB. */
function roundSize(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  const unit = Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** unit).toPrecision(3)} ${["B", "KiB", "MiB", "GiB"][unit]}`;
}
