// The command `sockdock up`: starts several servers from a configuration.

import { flag, flagName, type Given, mergeTables, text } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { whyUseless } from "../dock/applicable.ts";
import { connect } from "../dock/connect.ts";
import { startSuite } from "../dock/suite.ts";
import { builtinSuite } from "./serving/builtin_suite.ts";
import { programWords } from "./serving/program_words.ts";
import { runServers } from "./serving/run_servers.ts";
import { writeSamples } from "./serving/samples.ts";
import { type StartedEntry, suiteTable } from "./serving/suite_table.ts";
import { defineCommand, FILES } from "./command.ts";
import { givenOf } from "./line/arguments.ts";
import { requestLogOptions } from "./line/common_options.ts";
import { CONTROL_URL } from "./line/control_options.ts";
import { usesLocalAuthority, withRequestLog, withUserDefaults } from "./serving/user_defaults.ts";
import {
  planned,
  type PlannedEntry,
  runningOptions,
  servedOptions,
  servingHabits,
} from "./line/serve_options.ts";
import { wrap } from "./manual/labels.ts";
import { printReachable } from "./serving/reachable.ts";

const options = {
  freePorts: flag({
    help: "let the system pick every port of the built-in suite",
    negatable: false,
  }),
  socket: text({
    metavar: "path",
    help: "where the built-in suite puts its Unix socket (default a temporary folder)",
  }),
} as const;

export const up = defineCommand({
  name: "up",
  summary: "starts many servers at once, or the built-in suite",
  usage: "[config]",
  habits: servingHabits,
  details: `Without a configuration it starts the built-in suite on loopback and prints what listens
where and which command talks to it. Where another program has a port, the suite takes a free one.

A configuration is TOML, or JSON when its name ends so: a list \`server\` of tables, each with
\`serve\` (the protocol), \`on\` (a URL or a list of them) and any option under the name of its flag.
Options at the top are defaults. Options on the command line and in the environment win over the file.

All servers start or none does. Ctrl-C lets what is being answered finish; a second one stops at once.`,
  options: mergeTables(options, runningOptions, requestLogOptions, servedOptions),
  examples: [
    { run: "sockdock up", does: "starts the built-in suite" },
    { run: "sockdock up harbour.toml", does: "starts what a file lists" },
  ],
  maxArguments: 1,
  complete: () => [FILES],
  async run({ arguments: [config], options, given, flags, io }) {
    if (config !== undefined && (flags.has("freePorts") || flags.has("socket"))) {
      throw new UsageError(
        "--free-ports and --socket are for the built-in suite; a configuration says where itself",
      );
    }
    const overrides = givenOf(servedOptions, { options, given });
    await using stack = new AsyncDisposableStack();
    const notes: string[] = [];
    const asked: AskedEntry[] = config === undefined
      ? await builtinEntries(options, overrides, stack, notes)
      : await (await import("./line/config.ts")).readConfig(config, overrides);
    refuseUseless(flags, overrides, asked);
    const entries: (PlannedEntry & StartedEntry)[] = [];
    for (const entry of asked) {
      const logged = withRequestLog(entry.options, entry.table, io);
      const kept = await withUserDefaults(logged, entry.table, notes);
      entries.push({ ...entry, options: kept, isLocal: await usesLocalAuthority(kept) });
    }
    return await runServers({ options, given, io }, {
      requests: {
        shown: entries.some((entry) => entry.options.logRequests === true),
        format: options.logFormat,
      },
      // A trial run is to be looked at; what somebody configured opens what they asked for.
      ...(config === undefined && {
        usualControl: options.freePorts ? "http://127.0.0.1:0" : CONTROL_URL,
      }),
      // The table that is printed once all servers listen has the same information. Of a start that
      // fails people see what went wrong, and not what was stopped for it.
      isShown: ({ event }, isRunning) =>
        io.json || !(event === "listening" || event === "stopped" && !isRunning),
      // A port that the user wrote down is another matter.
      start: (hooks) => startSuite(entries, { ...hooks, freePortIfTaken: config === undefined }),
      async show(docks, control) {
        if (io.json) return;
        for (const note of notes) io.note(io.stderrIsTerminal ? wrap(note, io.columns) : note);
        for (const line of suiteTable(entries, docks, programWords(), io)) io.print(line);
        await printReachable(docks.flatMap(({ urls }) => urls), io, { qr: false });
        if (control?.shown !== undefined) {
          io.print(`\nThe control is at ${io.paintStdout("cyan", control.shown)}`);
        }
        io.print(io.paintStdout("dim", "\nCtrl-C stops; twice stops at once."));
      },
    });
  },
});

type AskedEntry = PlannedEntry & Pick<StartedEntry, "path">;

/** The built-in suite, and what it needs on the disk, in a folder that the stack removes.
 * @param notes receives what was left out */
async function builtinEntries(
  given: { readonly socket: string | undefined; readonly freePorts: boolean },
  overrides: Given,
  stack: AsyncDisposableStack,
  notes: string[],
): Promise<AskedEntry[]> {
  // In a folder that only its owner can enter, so only the owner can connect to the socket.
  const folder = await Deno.makeTempDir({ prefix: "sockdock-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const samples = `${folder}/samples`;
  await writeSamples(samples);
  let socket: string | undefined = given.socket ?? `${folder}/echo.sock`;
  if (await isServed(socket)) {
    notes.push(`${socket} is in use by another program, so echo is not on a Unix socket`);
    socket = undefined;
  }
  return builtinSuite({ socket, samples, freePorts: given.freePorts })
    .map(({ what, urls, options, ...rest }) => ({
      ...rest,
      ...planned(what, urls, { ...options, ...overrides }),
    }));
}

/** Whether a program listens on a Unix socket. */
async function isServed(path: string): Promise<boolean> {
  try {
    await using _session = await connect(`unix://${path}`);
    return true;
  } catch {
    return false;
  }
}

/** Refuses an option of the command line that has no effect on any of the servers. */
function refuseUseless(
  flags: ReadonlySet<string>,
  overrides: Given,
  entries: readonly PlannedEntry[],
): void {
  for (const key of Object.keys(overrides)) {
    if (!flags.has(key) || entries.some(({ table }) => Object.hasOwn(table, key))) continue;
    const why = whyUseless(key, {
      endpoints: entries.flatMap(({ urls }) => urls),
      served: entries.map(({ what }) => what),
      given: overrides,
    });
    throw new UsageError(`--${flagName(key)} ${why}`);
  }
}
