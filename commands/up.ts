// The command `sockdock up`: starts several servers from a configuration.

import { flag, flagName, type Given, mergeTables, text } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { whyUseless } from "../dock/applicable.ts";
import type { Dock } from "../dock/serve.ts";
import { talkWords } from "../dock/control/talk_commands.ts";
import { startSuite } from "../dock/suite.ts";
import { builtinSuite } from "./serving/builtin_suite.ts";
import { defineCommand } from "./command.ts";
import { givenOf } from "./line/arguments.ts";
import { printingOptions, recordOptions, requestLogOptions } from "./line/common_options.ts";
import {
  CONTROL_URL,
  controlGroup,
  controlOptions,
  controlServerOptions,
} from "./line/control_options.ts";
import { commandControl } from "./serving/control.ts";
import { programWords } from "./serving/program_words.ts";
import { metricsGroup, metricsOptions, metricsServerOptions } from "./line/metrics_options.ts";
import { observation } from "./serving/observation.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { withRequestLog, withUserDefaults } from "./serving/user_defaults.ts";
import { serverEventSink, TranscriptFile } from "./terminal/events.ts";
import { planned, type PlannedEntry, servedGroups, servedOptions } from "./line/serve_options.ts";
import { ReloadSignal } from "./serving/reload_signal.ts";
import { StopSignals } from "./terminal/stop_signals.ts";
import { alignedRows } from "./terminal/table.ts";
import { untilStopped } from "./serving/until_stopped.ts";

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
  details: `Without a configuration it starts the built-in suite on loopback and prints what listens
where and which command talks to it.

A configuration is TOML, or JSON when its name ends so: a list \`server\` of tables, each with
\`serve\` (the protocol), \`on\` (a URL or a list of them) and any option under the name of its flag.
Options at the top are defaults. Options on the command line and in the environment win over the file.

All servers start or none does. Ctrl-C lets what is being answered finish; a second one stops at once.`,
  options: mergeTables(
    options,
    printingOptions,
    recordOptions,
    requestLogOptions,
    metricsOptions,
    servedOptions,
    metricsServerOptions,
    controlOptions,
    controlServerOptions,
  ),
  groups: [...servedGroups, metricsGroup, controlGroup],
  examples: [
    { run: "sockdock up", does: "starts the built-in suite" },
    { run: "sockdock up harbour.toml", does: "starts what a file lists" },
  ],
  maxArguments: 1,
  async run({ arguments: [config], options, given, flags, io }) {
    if (config !== undefined && (flags.has("freePorts") || flags.has("socket"))) {
      throw new UsageError(
        "--free-ports and --socket are for the built-in suite; a configuration says where itself",
      );
    }
    const overrides = givenOf(servedOptions, { options, given });
    await using stack = new AsyncDisposableStack();
    const asked = config === undefined
      ? await builtinEntries(options.socket, options.freePorts, overrides, stack)
      : await (await import("./line/config.ts")).readConfig(config, overrides);
    refuseUseless(flags, overrides, asked);
    const entries: PlannedEntry[] = [];
    const notes: string[] = [];
    for (const entry of asked) {
      entries.push({
        ...entry,
        options: await withUserDefaults(
          withRequestLog(entry.options, entry.table, io),
          entry.table,
          notes,
        ),
      });
    }
    const record = options.record === undefined
      ? undefined
      : stack.use(new TranscriptFile(options.record, (line) => io.warn(line)));
    const signals = stack.use(new StopSignals());
    const hangUp = stack.use(new ReloadSignal());
    const requests = {
      shown: entries.some((entry) => entry.options.logRequests === true),
      format: options.logFormat,
    };
    const emit = serverEventSink(io, record, signals.finish, requests);
    // The table that is printed once all servers listen has the same information.
    const observed = await observation(
      { options, given },
      (event) => io.json || event.event !== "listening" ? emit(event) : undefined,
    );
    // It ends after the servers, so that a scrape sees them stop.
    const watching = stack.use(new AsyncDisposableStack());
    const control = watching.use(
      await commandControl({ options, given }, {
        io,
        program: programWords(),
        // A trial run is to be looked at; what somebody configured opens what they asked for.
        ...(config === undefined && {
          usual: options.freePorts ? "http://127.0.0.1:0" : CONTROL_URL,
        }),
      }),
    );
    const suite = stack.use(
      await startSuite(entries, {
        ...observed.hooks,
        watch: io.verbose || record !== undefined,
        changeable: control.isOpen,
      }),
    );
    control.add(suite.docks);
    watching.use(await observed.begin(suite.docks, emit));
    hangUp.concerns(suite.docks, signals.finish);
    if (!io.json) {
      for (const note of notes) io.note(note);
      printTable(entries, suite.docks, io, control.shown);
    }
    return await untilStopped(suite.docks, signals);
  },
});

async function builtinEntries(
  socket: string | undefined,
  freePorts: boolean,
  overrides: Given,
  stack: AsyncDisposableStack,
): Promise<PlannedEntry[]> {
  if (socket === undefined) {
    // The socket is in a folder that only its owner can enter, so only the owner can connect.
    const folder = await Deno.makeTempDir({ prefix: "sockdock-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    socket = `${folder}/echo.sock`;
  }
  return builtinSuite(socket, freePorts)
    .map(({ what, urls, options }) => planned(what, urls, { ...options, ...overrides }));
}

/** Refuses an option of the command line that has no effect on any of the servers. */
function refuseUseless(
  flags: ReadonlySet<string>,
  overrides: Given,
  entries: readonly PlannedEntry[],
): void {
  for (const key of Object.keys(overrides)) {
    if (!flags.has(key) || entries.some(({ table }) => Object.hasOwn(table, key))) continue;
    const why = whyUseless(key, entries.flatMap(({ urls }) => urls), overrides);
    throw new UsageError(`--${flagName(key)} ${why}`);
  }
}

function printTable(
  entries: readonly PlannedEntry[],
  docks: readonly Dock[],
  io: Stdio,
  control: string | undefined,
): void {
  const program = programWords();
  const rows = entries.flatMap(({ what, urls }, index) =>
    docks[index]!.servers.map(({ url, certificate }, at) => [
      io.paintStdout("bold", what.name),
      io.paintStdout("cyan", url),
      `${program} ${
        talkWords({
          ...{ protocol: what.name, url, transport: urls[at]!.scheme },
          fingerprint: certificate?.fingerprint,
        })
      }`,
    ])
  );
  const heading = ["WHAT", "URL", "TALK TO IT WITH"]
    .map((word) => io.paintStdout("dim", word));
  for (const line of alignedRows([heading, ...rows])) io.print(line);
  if (control !== undefined) {
    io.print(`\nThe control is at ${io.paintStdout("cyan", control)}`);
  }
  io.print(io.paintStdout("dim", "\nCtrl-C stops; twice stops at once."));
}
