/**
 * A process whose output can be awaited: a whole line, a piece of text, the end.
 *
 * Nothing here sleeps: everything waits for output or for the end of the process, under a deadline,
 * and an error carries all that the process wrote.
 */

import { testDataFolder } from "./data_folder.ts";

/** How long an expected line or exit may take: long, because a loaded machine starts slowly. */
const DEADLINE_MS = 60_000;

/** How to run a process. */
export interface ProcessOptions {
  /** Variables to add to the environment, of which `SOCKDOCK_DATA_FOLDER` is always set, or the whole environment with `clearEnv`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Starts from an empty environment. @default false */
  readonly clearEnv?: boolean;
  /** The folder to run in. */
  readonly cwd?: string;
}

/** What a process left behind. */
export interface Finished {
  /** The exit code; 128 and the signal's number when a signal ended it. */
  readonly code: number;
  /** All of its standard output, decoded. */
  readonly stdout: string;
  /** All of its standard error, decoded. */
  readonly stderr: string;
  /** All of its standard output, as it came. */
  readonly bytes: Uint8Array;
}

/**
 * A running process. Disposing of it kills it when it still runs, and waits until it is gone and
 * its pipes are closed.
 */
export class RunningProcess implements AsyncDisposable {
  /** Standard output so far. */
  readonly stdout: Output;
  /** Standard error so far. */
  readonly stderr: Output;
  /** How it ended, once it has. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #command: string;
  #running = true;

  /** Starts `path` with the arguments. */
  constructor(path: string, args: readonly string[], options: ProcessOptions = {}) {
    this.#command = [path.split("/").at(-1), ...args].join(" ");
    this.#child = new Deno.Command(path, {
      ...options,
      env: { SOCKDOCK_DATA_FOLDER: testDataFolder(), ...options.env },
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.status = this.#child.status.finally(() => this.#running = false);
    const circumstances = () => this.#describe();
    this.stdout = new Output(this.#child.stdout, "stdout", circumstances);
    this.stderr = new Output(this.#child.stderr, "stderr", circumstances);
  }

  /** The process's number. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Writes to its standard input. */
  async write(data: string | Uint8Array): Promise<void> {
    await this.#input.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Ends its standard input. A process that is already gone is no error. */
  async closeInput(): Promise<void> {
    try {
      await this.#input.close();
    } catch {
      // Closed before, or nobody reads any more.
    }
  }

  /** Sends it a signal; one that is already gone is no error. */
  signal(signal: Deno.Signal): void {
    if (this.#running) this.#child.kill(signal);
  }

  /** Waits until it ends by itself; rejects and kills it when it does not in time. */
  async ended(deadlineMs: number = DEADLINE_MS): Promise<Finished> {
    const status = await within(this.status, deadlineMs, () => {
      this.signal("SIGKILL");
      return new Error(`${this.#describe()}\ndid not end within ${deadlineMs} ms`);
    });
    const [bytes] = await Promise.all([this.stdout.bytes(), this.stderr.bytes()]);
    return { code: status.code, bytes, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  /** Writes the rest of its input, ends the input and waits until the process ends. */
  async finish(input: string | Uint8Array = ""): Promise<Finished> {
    try {
      if (input.length > 0) await this.write(input);
    } catch {
      // It ended without reading everything; how it ended tells more than the broken pipe.
    }
    await this.closeInput();
    return await this.ended();
  }

  /** Kills it when it still runs, and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.status;
    await this.closeInput();
    await Promise.all([this.stdout.close(), this.stderr.close()]);
  }

  #describe(): string {
    const shown = (output: Output) => output.text === "" ? " (nothing)" : `\n${output.text}`;
    return `${this.#command}\nstdout:${shown(this.stdout)}\nstderr:${shown(this.stderr)}`;
  }
}

/** What a process wrote on one of its pipes. Waiting moves a cursor past what was found. */
export class Output {
  readonly #name: string;
  readonly #circumstances: () => string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #pumped: Promise<void>;
  readonly #chunks: Uint8Array[] = [];
  #text = "";
  #cursor = 0;
  #open = true;
  #changed = Promise.withResolvers<void>();

  constructor(stream: ReadableStream<Uint8Array>, name: string, circumstances: () => string) {
    this.#name = name;
    this.#circumstances = circumstances;
    this.#reader = stream.getReader();
    this.#pumped = this.#pump();
  }

  /** Everything written so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits for a whole line that matches, and returns the match; what stands before it is passed. */
  line(pattern: RegExp, deadlineMs: number = DEADLINE_MS): Promise<RegExpExecArray> {
    return this.#find(() => this.#nextLine(pattern), `a line like ${pattern}`, deadlineMs);
  }

  /** Waits until this text has been written, in whatever pieces. */
  async includes(text: string, deadlineMs: number = DEADLINE_MS): Promise<void> {
    await this.#find(
      () => {
        const at = this.#text.indexOf(text, this.#cursor);
        if (at < 0) return null;
        return this.#cursor = at + text.length;
      },
      JSON.stringify(text),
      deadlineMs,
    );
  }

  /** Waits until all that has been written is as it should be. */
  async until(
    isSo: (text: string) => boolean,
    what: string,
    deadlineMs: number = DEADLINE_MS,
  ): Promise<void> {
    await this.#find(() => isSo(this.#text) ? true : null, what, deadlineMs);
  }

  /** Waits for the end and returns everything. */
  async bytes(): Promise<Uint8Array> {
    await this.#pumped;
    const all = new Uint8Array(this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** Stops reading: a grandchild may hold the pipe open for ever. */
  async close(): Promise<void> {
    await this.#reader.cancel();
    await this.#pumped;
  }

  #nextLine(pattern: RegExp): RegExpExecArray | null {
    for (;;) {
      const end = this.#text.indexOf("\n", this.#cursor);
      if (end < 0) return null;
      const match = pattern.exec(this.#text.slice(this.#cursor, end).replace(/\r$/, ""));
      this.#cursor = end + 1;
      if (match !== null) return match;
    }
  }

  async #find<T>(find: () => T | null, what: string, deadlineMs: number): Promise<T> {
    const search = async () => {
      for (;;) {
        const result = find();
        if (result !== null) return result;
        if (!this.#open) throw new Error(`${this.#circumstances()}\nnever wrote ${what}`);
        await this.#changed.promise;
      }
    };
    return await within(
      search(),
      deadlineMs,
      () =>
        new Error(
          `${this.#circumstances()}\nhas not written ${what} on ${this.#name} in ${deadlineMs} ms`,
        ),
    );
  }

  async #pump(): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        this.#chunks.push(value);
        this.#text += decoder.decode(value, { stream: true });
        this.#notify();
      }
    } finally {
      this.#text += decoder.decode();
      this.#open = false;
      this.#notify();
    }
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** The promise's value, or a rejection with `late()` once the deadline is over. */
async function within<T>(promise: Promise<T>, deadlineMs: number, late: () => Error): Promise<T> {
  const timer = Promise.withResolvers<never>();
  const id = setTimeout(() => timer.reject(late()), deadlineMs);
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(id);
  }
}
