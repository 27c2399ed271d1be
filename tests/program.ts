/**
 * sockdock itself as a process: from its sources with the permissions of its task, or, where
 * `SOCKDOCK_EXECUTABLE` names one, the executable.
 */

import { runFlags } from "../.ci/permissions.ts";
import { type Finished, type ProcessOptions, RunningProcess } from "./running_process.ts";

/** One line of `--json`. */
export interface ProgramEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** How to start sockdock. */
export interface ProgramOptions {
  /** Variables to add to the environment, from which every `SOCKDOCK_*` has been taken. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder to run in. */
  readonly cwd?: string;
  /** A program and its arguments, which sockdock's command line follows and which runs it. */
  readonly under?: readonly [path: string, ...args: string[]];
}

/** The command line that runs sockdock with these arguments. */
function commandLine(args: readonly string[]): [path: string, args: string[]] {
  const executable = Deno.env.get("SOCKDOCK_EXECUTABLE");
  if (executable) return [executable, [...args]];
  const main = `${import.meta.dirname}/../main.ts`;
  return [Deno.execPath(), ["run", "--quiet", ...runFlags(), main, ...args]];
}

/** The environment without what would steer sockdock from outside the test. */
function environment({ env, cwd }: ProgramOptions): ProcessOptions {
  const inherited = Object.entries(Deno.env.toObject())
    .filter(([name]) => !name.startsWith("SOCKDOCK_"));
  return {
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...env },
    ...(cwd === undefined ? {} : { cwd }),
  };
}

/** A running sockdock. */
export class Program extends RunningProcess {
  readonly #urls: string[] = [];

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const [path, words] = commandLine(args);
    const [first, ...rest] = [...options.under ?? [], path, ...words];
    super(first!, rest, environment(options));
  }

  /** The URL of the first endpoint. */
  get url(): string {
    const [first] = this.#urls;
    if (first === undefined) throw new Error("The program has not said where it listens");
    return first;
  }

  /** The URLs of the endpoints, in the order in which they were announced. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Waits for an event of `--json` by name, and passes by every other. */
  async event(name: string): Promise<ProgramEvent> {
    const [line] = await this.stdout.line(new RegExp(`^\\{"event":"${name}"[,}].*\\}$`));
    return JSON.parse(line) as ProgramEvent;
  }

  /** Waits until this many endpoints have been announced. */
  async listening(endpoints: number, json: boolean): Promise<void> {
    while (this.#urls.length < endpoints) {
      const url = json
        ? (await this.event("listening")).url
        : (await this.stderr.line(/([a-z+]+:\/\/\S+)/))[1];
      this.#urls.push(String(url));
    }
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.signal("SIGINT");
  }
}

/** What to wait for when sockdock starts. */
export interface StartOptions extends ProgramOptions {
  /** How many endpoints have to listen first. @default 1 */
  readonly endpoints?: number;
}

/**
 * Starts sockdock and resolves once all its endpoints listen: with `--json` among the arguments
 * by its events, otherwise by the URLs that it shows to people.
 */
export async function startProgram(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Program> {
  await using starting = new AsyncDisposableStack();
  const program = starting.use(new Program(args, options));
  await program.listening(options.endpoints ?? 1, args.includes("--json"));
  starting.move();
  return program;
}

/** Runs sockdock to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions & { readonly stdin?: string | Uint8Array } = {},
): Promise<Finished> {
  await using program = new Program(args, options);
  return await program.finish(options.stdin);
}
