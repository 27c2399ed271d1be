// Standard streams that are kept in memory, for the tests of what prints.

import { type PrintingOptions, Stdio, type StdioParts } from "../../commands/terminal/stdio.ts";

/** What stands in for the terminal or pipes. */
export interface FakeParts {
  /** Whether the sides are terminals. @default false */
  readonly stdoutIsTerminal?: boolean;
  readonly stderrIsTerminal?: boolean;
  readonly stdinIsTerminal?: boolean;
  /** @default false */
  readonly noColor?: boolean;
  /** @default 100 */
  readonly columns?: number;
  /** What comes in, one element a read. */
  readonly stdin?: readonly (string | Uint8Array)[];
  /** What is typed at prompts for secrets; none is a missing terminal. */
  readonly secrets?: readonly string[];
  /** Sides whose reader went away. */
  readonly broken?: readonly ("stdout" | "stderr")[];
}

/** Standard streams and what was printed on them. */
export class FakeStdio extends Stdio {
  readonly #stdout: MemorySide;
  readonly #stderr: MemorySide;

  constructor(fake: FakeParts = {}, options: PrintingOptions = {}) {
    const stdout = new MemorySide(fake.stdoutIsTerminal, fake.broken?.includes("stdout"));
    const stderr = new MemorySide(fake.stderrIsTerminal, fake.broken?.includes("stderr"));
    const secrets = [...fake.secrets ?? []];
    super(
      {
        stdout,
        stderr,
        stdin: { isTerminal: fake.stdinIsTerminal ?? false, read: reader(fake.stdin ?? []) },
        columns: fake.columns ?? 100,
        promptSecret: (question) => {
          stderr.writeSync(new TextEncoder().encode(question));
          return secrets.shift() ?? null;
        },
        noColor: fake.noColor ?? false,
      },
      options,
    );
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** All of stdout, decoded. */
  get stdoutText(): string {
    return new TextDecoder().decode(this.stdoutBytes);
  }

  /** All of stdout. */
  get stdoutBytes(): Uint8Array {
    return Uint8Array.from(this.#stdout.bytes);
  }

  /** All of stderr, decoded. */
  get stderrText(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#stderr.bytes));
  }
}

class MemorySide {
  readonly isTerminal: boolean;
  readonly bytes: number[] = [];
  readonly #broken: boolean;

  constructor(isTerminal = false, broken = false) {
    this.isTerminal = isTerminal;
    this.#broken = broken;
  }

  writeSync(bytes: Uint8Array): void {
    if (this.#broken) throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
    for (const byte of bytes) this.bytes.push(byte);
  }
}

function reader(chunks: readonly (string | Uint8Array)[]): StdioParts["stdin"]["read"] {
  const left = chunks.map((one) => typeof one === "string" ? new TextEncoder().encode(one) : one);
  return (into) => {
    const chunk = left.shift();
    if (chunk !== undefined) into.set(chunk);
    return Promise.resolve(chunk?.length ?? null);
  };
}
