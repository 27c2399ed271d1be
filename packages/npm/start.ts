/**
 * Real network servers for the tests of a Node project: the program as a child process, told where
 * to listen and asked what happened. It never outlives this process, and never keeps it alive.
 */

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { ask, type ControlAddress } from "./control.ts";
import { cannotStart, programCommand } from "./deno.ts";

/** An event of the program, as `--json` prints it. */
export interface ServerEvent {
  /** What happened, such as `listening`, `opened`, `message` or `closed`. */
  readonly event: string;
  readonly [field: string]: unknown;
}

/**
 * Any option of the command line under its name in camelCase: `{ fault: "loss=30%", seed: 7 }` is
 * `--fault loss=30% --seed 7`. `true` is the flag alone, `false` its `--no-` form, a list the flag
 * several times, and `undefined` nothing.
 */
export interface StartOptions {
  readonly [option: string]:
    | string
    | number
    | boolean
    | undefined
    | readonly (string | number)[]
    | Readonly<Record<string, string | undefined>>;
  /** The folder that the program runs in. @default the current one */
  readonly cwd?: string;
  /** Variables that are added to its environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How many endpoints have to listen first. @default the number of URLs; 1 for a command */
  readonly endpoints?: number;
  /** `false` opens no control, so that faults cannot be changed nor events be waited for. */
  readonly control?: string | false;
  /** How long that may take. @default 30,000 */
  readonly startTimeoutMs?: number;
}

/** Which event to wait for; all that is given has to fit. */
export interface EventFilter {
  /** Its name, or several with commas between them: `received`, `opened,closed`. */
  readonly event?: string;
  /** A part of its message, or of its JSON if it has none. */
  readonly contains?: string;
  /** The `id` of an event: only later ones count. @default 0, all that happened */
  readonly after?: number;
  /** How long to wait. @default 5,000 */
  readonly timeoutMs?: number;
}

/** A running server, or several that one call started. */
export interface Server extends AsyncDisposable {
  /** Where the first endpoint listens. */
  readonly url: string;
  /** Where all of them listen, in the order in which they were asked for. */
  readonly urls: readonly string[];
  /** What has happened so far: the last 10,000 events, the newest at the end. */
  readonly events: readonly ServerEvent[];
  /** Replaces the faults of all endpoints, for open sessions too; null takes them away.
   * @throws {Error} when an endpoint cannot have such a fault; those before it have it then */
  setFaults(
    fault: string | readonly string[] | null,
    options?: { readonly seed?: number },
  ): Promise<void>;
  /** Resolves to the first event that fits, one that has happened already or the next to come. What
   * passes (`received`, `sent`, `request`) is among them.
   * @throws {Error} when none comes in time */
  waitFor(filter: EventFilter): Promise<ServerEvent & { readonly id: number }>;
  /** Takes all faults away and forgets all events that `waitFor` remembers: between two tests. */
  reset(): Promise<void>;
  /** Stops the servers at once and resolves when the program has ended. Idempotent. */
  stop(): Promise<void>;
}

const MAX_EVENTS = 10_000;
const MAX_LOG_CHARACTERS = 64 * 1024;
/** A program that does not end by itself is killed after this time. */
const STOP_TIMEOUT_MS = 10_000;

/** Serves a protocol, as `sockdock serve` does, and resolves once every endpoint listens.
 *
 * ```ts ignore
 * await using server = await start("echo", "udp://127.0.0.1:0", { fault: "loss=30%", seed: 7 });
 * console.log(server.url); // udp://127.0.0.1:53124
 * ```
 *
 * @param protocol its name, such as `echo`; `sockdock list` has them all
 * @param urls where to listen; port 0 picks a free one. For `files` the folder may stand beside it
 * @throws {Error} with the program's own line: a wrong option, a port that is taken */
export function start(
  protocol: string,
  urls: string | readonly string[],
  options?: StartOptions,
): Promise<Server>;
/** Runs any command that serves, such as `["relay", "udp://127.0.0.1:0", "udp://192.0.2.1:53"]` or
 * `["up", "harbour.toml"]`, and resolves once `endpoints` of its endpoints listen. */
export function start(command: readonly string[], options?: StartOptions): Promise<Server>;
export function start(
  what: string | readonly string[],
  second?: string | readonly string[] | StartOptions,
  third?: StartOptions,
): Promise<Server> {
  if (typeof what !== "string") return launch(what, 1, (second ?? {}) as StartOptions);
  const words = [(second ?? []) as string | readonly string[]].flat();
  const urls = words.filter((word) => word.includes("://"));
  // At least one, because a program that refuses what it was given says so before it listens.
  return launch(["serve", what, ...words], urls.length || 1, third ?? {});
}

async function launch(
  command: readonly string[],
  expected: number,
  {
    cwd,
    env,
    control = "http://127.0.0.1:0",
    endpoints = expected,
    startTimeoutMs = 30_000,
    ...flags
  }: StartOptions,
): Promise<Server> {
  const { path, args } = programCommand();
  // `relay` has none; the protocol of that name has.
  const controlFlags = control === false || command[0] === "relay"
    ? []
    : [`--control=${control}`, "--control-traffic"];
  const child = spawn(
    path,
    [...args, ...command, ...flagsOf(flags), ...controlFlags, "--json", "--until-eof"],
    {
      ...cwd === undefined ? {} : { cwd },
      env: { ...process.env, DENO_NO_UPDATE_CHECK: "1", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const program = new Program(child, path);
  await program.listening(endpoints, startTimeoutMs);
  return program;
}

/** Options as flags. */
function flagsOf(options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === undefined) return [];
    if (typeof value === "boolean") return [`--${value ? "" : "no-"}${flag}`];
    // With an equals sign, because a value may begin with a dash.
    return [value].flat().map((one) => `--${flag}=${one}`);
  });
}

/** The event of a line; null where it is something else, which a command can print that does not serve. */
function eventOf(line: string): ServerEvent | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

class Program implements Server {
  readonly urls: string[] = [];
  readonly events: ServerEvent[] = [];
  readonly #child: ChildProcess;
  #control: ControlAddress | undefined;
  /** The end of what it wrote on stderr. */
  #log = "";
  #ended = false;
  /** A line of its output that is no event, such as the help that was asked for. */
  #stray: string | undefined;
  readonly #end: Promise<void>;
  /** Called at each event and at the end. */
  #changed = () => {};

  constructor(child: ChildProcess, path: string) {
    this.#child = child;
    this.#end = new Promise<void>((resolve) => {
      child.on("close", () => resolve());
      child.on("error", (error) => {
        this.#log = `error: ${cannotStart(path, error)}`;
        resolve();
      });
    }).then(() => {
      this.#ended = true;
      this.#changed();
    });
    // A program that is gone is no reason to fail: its end tells more than the broken pipe.
    child.stdin!.on("error", () => {});
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.#log = (this.#log + text).slice(-MAX_LOG_CHARACTERS);
    });
    createInterface({ input: child.stdout! }).on("line", (line) => this.#take(line));
  }

  get url(): string {
    return this.urls[0]!;
  }

  /** Waits until the endpoints listen, and no longer keeps this process alive from then on. */
  async listening(endpoints: number, timeoutMs: number): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#changed();
    }, timeoutMs);
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        if (this.#ended || late || this.urls.length >= endpoints) resolve();
      };
      this.#changed();
    });
    clearTimeout(timer);
    if (this.#ended) throw new Error(this.#complaint());
    if (late) {
      await this.stop();
      throw new Error(`sockdock did not listen on ${endpoints} endpoints within ${timeoutMs} ms`);
    }
    this.#hold(false);
  }

  async setFaults(
    fault: string | readonly string[] | null,
    { seed }: { readonly seed?: number } = {},
  ): Promise<void> {
    const { servers } = await this.#ask("GET", "/api/servers") as { servers: { id: number }[] };
    const [method, body] = fault === null ? ["DELETE"] : ["PUT", { fault, seed }];
    for (const { id } of servers) await this.#ask(method, `/api/servers/${id}/faults`, body);
  }

  async waitFor(
    { event, contains, after, timeoutMs = 5000 }: EventFilter,
  ): Promise<ServerEvent & { readonly id: number }> {
    const query = new URLSearchParams({ timeout: String(timeoutMs / 1000) });
    if (event !== undefined) query.set("event", event);
    if (contains !== undefined) query.set("contains", contains);
    if (after !== undefined) query.set("after", String(after));
    return await this.#ask("GET", `/api/wait?${query}`) as ServerEvent & { id: number };
  }

  async reset(): Promise<void> {
    await this.#ask("POST", "/api/reset");
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#hold(true);
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await this.#end;
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    if (this.#control === undefined) throw new Error("This server was started without a control");
    return ask(this.#control, method, path, body);
  }

  #take(line: string): void {
    const event = eventOf(line);
    if (event === null) {
      this.#stray ??= line;
      return;
    }
    if (event.event === "control") {
      // Its token is nobody's business but ours.
      this.#control = event as unknown as ControlAddress;
      return;
    }
    if (event.event === "listening") this.urls.push(String(event.url));
    if (this.events.push(event) > MAX_EVENTS) this.events.shift();
    this.#changed();
  }

  /** Why it ended: its error, which is its last line, or all that it said. */
  #complaint(): string {
    const [, line] = /^error: (.*)$/m.exec(this.#log) ?? [];
    if (line !== undefined) return line;
    const said = this.#log.trim() || this.#stray;
    return "sockdock ended without listening" + (said ? `: ${said}` : "");
  }

  /** Whether the program and its pipes keep this process alive. */
  #hold(held: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    // The types do not say that the pipes of a child are sockets.
    const handles = [this.#child, stdin, stdout, stderr] as unknown as {
      ref(): void;
      unref(): void;
    }[];
    for (const handle of handles) held ? handle.ref() : handle.unref();
  }
}
