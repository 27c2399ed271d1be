// The standard streams of a command: input on stdin, data on stdout, messages for the user on
// stderr.

import { printable } from "./printable.ts";
import { promptSecret, terminalColumns } from "./terminal.ts";

type ColorChoice = "auto" | "always" | "never";

/** A colour of the sixteen that every terminal has. */
type Color = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

interface Output {
  readonly isTerminal: boolean;
  /** Writes all of it. */
  writeSync(bytes: Uint8Array): void;
}

/** The streams themselves and their properties; tests replace all of them. */
export interface StdioParts {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: { readonly isTerminal: boolean; read(into: Uint8Array): Promise<number | null> };
  readonly columns: number;
  readonly noColor: boolean;
  /** Null when there is no terminal. */
  promptSecret(question: string): string | null;
}

export interface PrintingOptions {
  readonly color?: ColorChoice;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly json?: boolean;
  /** Quiet, and errors are not printed either. */
  readonly silent?: boolean;
  /** Whether errors are printed though it is silent. */
  readonly showError?: boolean;
}

const codes: Readonly<Record<Color, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

const encoder = new TextEncoder();

/** The error of a stdout whose reader has closed it, as `| head` does once it has its lines. */
export class ReaderGoneError extends Error {
  override readonly name = "ReaderGoneError";
}

export class Stdio {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly #mute: boolean;
  /** Whether what passes is shown in hexadecimal, besides as text. */
  readonly hex: boolean;
  readonly #parts: StdioParts;
  readonly #options: PrintingOptions;
  readonly #color: ColorChoice;
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  constructor(parts: StdioParts, options: PrintingOptions = {}) {
    this.#parts = parts;
    this.#options = options;
    this.#color = options.color ?? "auto";
    this.json = options.json ?? false;
    const silent = options.silent ?? false;
    this.quiet = silent || (options.quiet ?? false);
    this.#mute = silent && !options.showError;
    this.verbose = options.verbose ?? false;
    this.hex = options.hex ?? false;
  }

  /** The same streams with other printing options. */
  with(options: PrintingOptions): Stdio {
    return new Stdio(this.#parts, options);
  }

  /** The same, where what a terminal shows is given to `print` in lines, without their ends. A line
   * that was begun waits for its end. */
  printingLines(print: (lines: readonly string[]) => void): Stdio {
    const parts = this.#parts;
    const through = (output: Output) => output.isTerminal ? new LineOutput(print) : output;
    return new Stdio({
      ...parts,
      get columns() {
        return parts.columns;
      },
      stdout: through(parts.stdout),
      stderr: through(parts.stderr),
    }, this.#options);
  }

  get columns(): number {
    return this.#parts.columns;
  }

  get stdin(): StdioParts["stdin"] {
    return this.#parts.stdin;
  }

  get stdoutIsTerminal(): boolean {
    return this.#parts.stdout.isTerminal;
  }

  get stderrIsTerminal(): boolean {
    return this.#parts.stderr.isTerminal;
  }

  /** Whether text on stderr is coloured. */
  get color(): boolean {
    return this.#colors(this.#parts.stderr);
  }

  get colorStdout(): boolean {
    return this.#colors(this.#parts.stdout);
  }

  /** Text of the program on stdout, with a newline. */
  print(text: string): void {
    this.#write(this.#parts.stdout, `${text}\n`);
  }

  /** Text of the program on stdout, without a newline. */
  printRaw(text: string): void {
    this.#write(this.#parts.stdout, text);
  }

  paintStdout(color: Color, text: string): string {
    return this.#colors(this.#parts.stdout) ? paint(color, text) : text;
  }

  /** Colours text that goes to stderr. */
  paint(color: Color, text: string): string {
    return this.color ? paint(color, text) : text;
  }

  /** Writes bytes of a peer to stdout: unchanged to a pipe, and with control characters escaped to
   * a terminal. A character split between two calls is joined. */
  printPeer(bytes: Uint8Array): void {
    if (!this.#parts.stdout.isTerminal) {
      this.#writeBytes(this.#parts.stdout, bytes);
      return;
    }
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#write(this.#parts.stdout, printable(text, { lines: true }));
  }

  /** Prints a line for the user on stderr; nothing with `--quiet`. */
  note(line: string): void {
    if (!this.quiet) this.#write(this.#parts.stderr, `${line}\n`);
  }

  /** Prints an error: one line on stderr, even with `--quiet`, with control characters escaped. */
  error(line: string): void {
    if (this.#mute) return;
    this.#write(this.#parts.stderr, `${this.paint("red", "error")}: ${printable(line)}\n`);
  }

  warn(line: string): void {
    if (this.#mute) return;
    this.#write(this.#parts.stderr, `${this.paint("yellow", "warning")}: ${printable(line)}\n`);
  }

  /** Asks for a secret that exists; null when there is no terminal.
   * @throws {InterruptedError} when the user presses Ctrl-C */
  promptSecret(question: string): string | null {
    return this.#parts.promptSecret(question);
  }

  /** The same for a secret that is made up now: nothing else would notice a slip of the fingers, so
   * it is asked for until it comes twice. An empty one is returned at once. */
  promptNewSecret(question: string): string | null {
    for (;;) {
      const secret = this.promptSecret(question);
      if (secret === null || secret === "") return secret;
      if (this.promptSecret("The same once more: ") === secret) return secret;
      this.warn("those two were not the same; begin again, or leave with Ctrl-C");
    }
  }

  /** Writes raw text to stderr, for a line that redraws itself, such as a progress bar. */
  draw(text: string): void {
    this.#write(this.#parts.stderr, text);
  }

  /** Prints a JSON object on a line of stdout. JSON alone escapes only some of the control
   * characters. */
  printJson(value: unknown): void {
    const json = JSON.stringify(value);
    this.print(this.#parts.stdout.isTerminal ? printable(json, { style: "json" }) : json);
  }

  #colors(output: Output): boolean {
    if (this.#color !== "auto") return this.#color === "always";
    return output.isTerminal && !this.#parts.noColor;
  }

  #write(output: Output, text: string): void {
    this.#writeBytes(output, encoder.encode(text));
  }

  #writeBytes(output: Output, bytes: Uint8Array): void {
    try {
      output.writeSync(bytes);
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      // A command ends when the reader of stdout is gone, but not when that of stderr is.
      if (output === this.#parts.stdout) throw new ReaderGoneError(undefined, { cause: error });
    }
  }
}

/** Longest line that waits for its end; a longer one is broken. */
const MAX_LINE_LENGTH = 64 * 1024;

/** A terminal's output in lines. */
class LineOutput implements Output {
  readonly isTerminal = true;
  readonly #print: (lines: readonly string[]) => void;
  readonly #decoder = new TextDecoder();
  #begun = "";

  constructor(print: (lines: readonly string[]) => void) {
    this.#print = print;
  }

  writeSync(bytes: Uint8Array): void {
    const lines = (this.#begun + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    const last = lines.pop() ?? "";
    const isTooLong = last.length > MAX_LINE_LENGTH;
    if (isTooLong) lines.push(last);
    this.#begun = isTooLong ? "" : last;
    this.#print(lines);
  }
}

function paint(color: Color, text: string): string {
  const [on, off] = codes[color];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}

export function processStdio(): Stdio {
  return new Stdio({
    stdout: outputOf(Deno.stdout),
    stderr: outputOf(Deno.stderr),
    stdin: {
      get isTerminal() {
        return Deno.stdin.isTerminal();
      },
      read: (into) => Deno.stdin.read(into),
    },
    get columns() {
      return terminalColumns(100);
    },
    promptSecret,
    noColor: (Deno.env.get("NO_COLOR") ?? "") !== "",
  });
}

function outputOf(stream: typeof Deno.stdout): Output {
  return {
    isTerminal: stream.isTerminal(),
    writeSync(bytes) {
      for (let written = 0; written < bytes.length;) {
        try {
          written += stream.writeSync(bytes.subarray(written));
        } catch (error) {
          // A non-blocking pipe whose reader is slow: wait for room as a blocking one would.
          if (!(error instanceof Deno.errors.WouldBlock)) throw error;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
        }
      }
    },
  };
}
