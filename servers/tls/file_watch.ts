// Watches files for changes by their times: this works on every system and file system, through
// renames and links, and costs a few calls a second.

/** Interval of the checks. A change is reported once it is as old as this, so that a program that
 * writes two files, such as a certificate and its key, is likely to be done. */
const INTERVAL_MS = 500;

/** Calls back when one of the files has changed and then rested. Dispose it. */
export class FileWatch implements Disposable {
  readonly #paths: readonly string[];
  readonly #onChange: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;
  #known = "";
  #resting = true;

  /** @param onChange must not reject */
  constructor(paths: readonly string[], onChange: () => Promise<void>) {
    this.#paths = paths;
    this.#onChange = onChange;
    this.#known = this.#look();
    this.#wait();
  }

  #wait(): void {
    if (this.#disposed) return;
    this.#timer = setTimeout(() => void this.#tick().finally(() => this.#wait()), INTERVAL_MS);
  }

  async #tick(): Promise<void> {
    const seen = this.#look();
    if (seen !== this.#known) {
      this.#known = seen;
      this.#resting = false;
    } else if (!this.#resting) {
      this.#resting = true;
      await this.#onChange();
    }
  }

  /** Returns a text that differs when a file has changed. Synchronous: it takes microseconds, and
   * no call is then pending when the watch is disposed. */
  #look(): string {
    return this.#paths.map((path) => {
      try {
        const { mtime, size, ino } = Deno.statSync(path);
        return `${mtime?.getTime()} ${size} ${ino}`;
      } catch {
        return "unreadable";
      }
    }).join("\n");
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }
}
