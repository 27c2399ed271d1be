// The command `sockdock copy`: sends files and folders to an inbox.

import { isUrl } from "../core/addresses/endpoint.ts";
import { duration, formatDuration, integer, mergeTables } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import {
  type CopyEvent,
  type CopyResult,
  copyTo,
  DEFAULT_COPY_RETRIES,
  DEFAULT_COPY_TIMEOUT_MS,
} from "../dock/copy.ts";
import { clientSchemes } from "../dock/schemes.ts";
import { defineCommand, FILES } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { dialNotices, dialOptions, fittingDial, readDial } from "./line/dial_options.ts";
import { exitCodes } from "./exit_code.ts";
import { printable } from "./terminal/printable.ts";
import { Progress, roundSize } from "./terminal/progress.ts";

/** Interval of progress events with --json, in milliseconds. */
const PROGRESS_EVERY_MS = 500;

const options = {
  retries: integer({
    default: DEFAULT_COPY_RETRIES,
    min: 0,
    max: 1000,
    help: "connect again this often when the session breaks off, and go on where it was",
  }),
  timeoutMs: duration({
    default: DEFAULT_COPY_TIMEOUT_MS,
    min: 1,
    help: "how long the inbox may say nothing while something is expected of it",
  }),
} as const;

const ownOptions = mergeTables(options, printingOptions);

export const copy = defineCommand({
  name: "copy",
  summary: "sends files and folders to an inbox",
  usage: "<file|folder>... <url>",
  details:
    `A folder is sent with all that is in it, under its own name. Links in it are not followed;
what is skipped is said. The other side is sockdock serve inbox, on any transport on which nothing is
lost: tcp, unix, tls, ws, wss, or udp+reliable.

What has broken off goes on where it was, in the same run and in a later one, as long as the file is
the same. A file that the inbox has already, with the same SHA-256, counts as arrived. Exit code 1
says that something did not arrive, 4 that the inbox was silent for too long.`,
  options: mergeTables(ownOptions, dialOptions),
  examples: [
    { run: "sockdock copy report.pdf tcp://127.0.0.1:9100", does: "sends a file" },
    { run: "sockdock copy photos notes.txt unix://inbox.sock", does: "sends a folder and a file" },
  ],
  minArguments: 2,
  async complete(before, current) {
    if (before.length === 0) return [FILES];
    const { diallingWords } = await import("./line/url_words.ts");
    return [...diallingWords(current, true), FILES];
  },
  fitting: (words) => ({ ...ownOptions, ...fittingDial(words) }),
  async run({ arguments: words, options, given, flags, io }) {
    const url = words.at(-1) ?? "";
    const paths = words.slice(0, -1);
    if (!isUrl(url, clientSchemes)) {
      throw new UsageError(
        `"${url}" is not a URL; the last word says where to, such as tcp://127.0.0.1:9100`,
      );
    }
    const { endpoint, dial } = readDial(url, { options, given, flags });
    using show = new CopyDisplay(io, paths.length === 1 ? paths[0]! : undefined);
    const result = await copyTo(endpoint, paths, {
      ...dial,
      emit: dialNotices(io),
      retries: options.retries,
      timeoutMs: options.timeoutMs,
      onEvent: (event) => show.take(event),
    });
    show.finish(result);
    if (result.failed.length === 0) return exitCodes.ok;
    return result.timedOut ? exitCodes.timedOut : exitCodes.failed;
  },
});

class CopyDisplay implements Disposable {
  readonly #io: Stdio;
  readonly #only: string | undefined;
  #progress: Progress | undefined;
  #retransmitted: number | undefined;
  #reportedMs = -Infinity;

  /** @param only the path to copy, if there is only one */
  constructor(io: Stdio, only: string | undefined) {
    this.#io = io;
    this.#only = only;
  }

  take(event: CopyEvent): void {
    if (this.#io.json) this.#report(event);
    switch (event.event) {
      case "found":
        this.#progress = new Progress(this.#io, event.bytes, 0, () => this.#detail);
        break;
      case "progress":
        this.#retransmitted = event.delivery?.retransmitted;
        this.#progress?.at(event.arrivedBytes, event.keptBytes);
        break;
      case "skipped":
        this.#note(`skipped ${printable(event.path)}: ${event.reason}`);
        break;
      case "copied":
        if (this.#io.verbose) {
          const sha256 = event.sha256 === undefined ? "" : ` SHA-256 ${event.sha256}`;
          this.#note(`${event.already ? "there " : "copied"} ${printable(event.file)}${sha256}`);
        } else if (event.file === lastName(this.#only) && event.sha256 !== undefined) {
          this.#note(`SHA-256 ${event.sha256}, checked by the inbox`);
        }
        break;
      case "retrying":
        this.#note(
          `${printable(event.reason)}; try ${event.attempt} of ${event.retries} in ` +
            formatDuration(event.waitMs),
        );
        break;
      case "failed":
        break;
    }
  }

  finish(result: CopyResult): void {
    this[Symbol.dispose]();
    const { arrived, already, bytes, failed } = result;
    if (this.#io.json) {
      this.#io.printJson({ event: "finished", arrived, already, bytes, failed });
      return;
    }
    const kept = already === 0 ? "" : `, ${already} of them there already`;
    this.#io.note(
      `${arrived} of ${arrived + failed.length} arrived (${roundSize(bytes)}${kept})`,
    );
    const SHOWN = 20;
    for (const { file, reason } of failed.slice(0, SHOWN)) {
      this.#io.error(`${file} did not arrive: ${reason}`);
    }
    if (failed.length > SHOWN) {
      this.#io.error(`${failed.length - SHOWN} more did not arrive; --json lists them all`);
    }
  }

  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
    this.#progress = undefined;
  }

  get #detail(): string {
    return this.#retransmitted === undefined ? "" : `${this.#retransmitted} sent again`;
  }

  #report(event: CopyEvent): void {
    if (event.event === "progress") {
      const nowMs = performance.now();
      if (nowMs - this.#reportedMs < PROGRESS_EVERY_MS) return;
      this.#reportedMs = nowMs;
    }
    this.#io.printJson(event);
  }

  /** Prints a line for the user, clear of the progress bar. */
  #note(line: string): void {
    if (this.#io.json || this.#io.quiet) return;
    this.#progress?.clear();
    this.#io.note(line);
  }
}

function lastName(path: string | undefined): string | undefined {
  return path?.split(/[/\\]/).filter((part) => part !== "").at(-1);
}
