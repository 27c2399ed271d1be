// `sockdock up`: many servers at once.

import { flag, flagName, mergeTables, text } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import type { Dock } from "../dock/serve.ts";
import { startSuite, type SuiteEntry } from "../dock/suite.ts";
import { builtinSuite } from "./serving/builtin_suite.ts";
import { defineCommand } from "./command.ts";
import { consoleOptions, recordOptions } from "./line/common_options.ts";
import type { Console } from "./terminal/console.ts";
import { withLocalAuthority, withUserHistory } from "./serving/user_defaults.ts";
import { serverEventSink, TranscriptFile } from "./terminal/events.ts";
import { programWords } from "./line/program_words.ts";
import { servedGroups, servedOptions, tableFor } from "./line/served.ts";
import { ReloadSignal } from "./serving/reload_signal.ts";
import { StopSignals } from "./serving/stop_signals.ts";
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
  options: mergeTables(options, consoleOptions, recordOptions, servedOptions),
  groups: servedGroups,
  examples: [
    { run: "sockdock up", does: "starts the built-in suite" },
    { run: "sockdock up harbour.toml", does: "starts what a file lists" },
  ],
  maxArguments: 1,
  async run({ arguments: [config], options, given, flags, console }) {
    if (config !== undefined && (flags.has("freePorts") || flags.has("socket"))) {
      throw new UsageError(
        "--free-ports and --socket are for the built-in suite; a configuration says where itself",
      );
    }
    const overrides = Object.fromEntries(
      [...given].filter((key) => Object.hasOwn(servedOptions, key))
        .map((key) => [key, (options as Readonly<Record<string, unknown>>)[key]]),
    );
    await using stack = new AsyncDisposableStack();
    const asked = config === undefined
      ? await builtinEntries(options.socket, options.freePorts, overrides, stack)
      : await (await import("./line/config.ts")).readConfig(config, overrides);
    refuseUseless(flags, asked);
    const entries: SuiteEntry[] = [];
    const notes: string[] = [];
    for (const entry of asked) {
      const table = tableFor(entry.what, entry.urls, entry.options ?? {});
      const own = await withUserHistory(
        await withLocalAuthority(entry.options ?? {}, table, notes),
        table,
        notes,
      );
      entries.push({ ...entry, options: own });
    }
    const record = options.record === undefined
      ? undefined
      : stack.use(new TranscriptFile(options.record, (line) => console.warn(line)));
    const signals = stack.use(new StopSignals());
    const hangUp = stack.use(new ReloadSignal());
    const emit = serverEventSink(console, record, signals.finish);
    const suite = stack.use(
      await startSuite(entries, {
        // The table says where each listens, all at once.
        emit: (event) => console.json || event.event !== "listening" ? emit(event) : undefined,
        watch: console.verbose || record !== undefined,
      }),
    );
    hangUp.concerns(suite.docks, signals.finish);
    if (!console.json) {
      for (const note of notes) console.note(note);
      printTable(entries, suite.docks, console);
    }
    return await untilStopped(suite.docks, signals, emit);
  },
});

async function builtinEntries(
  socket: string | undefined,
  freePorts: boolean,
  overrides: Readonly<Record<string, unknown>>,
  stack: AsyncDisposableStack,
): Promise<SuiteEntry[]> {
  if (socket === undefined) {
    // A folder that only its owner can enter keeps the socket to its owner.
    const folder = await Deno.makeTempDir({ prefix: "sockdock-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    socket = `${folder}/echo.sock`;
  }
  return builtinSuite(socket, freePorts).map((entry) => {
    const table = tableFor(entry.what, entry.urls, overrides);
    const own = Object.entries(overrides).filter(([key]) => Object.hasOwn(table, key));
    return { ...entry, options: { ...entry.options, ...Object.fromEntries(own) } };
  });
}

/** What the command line sets and nothing here understands would be silently without effect. */
function refuseUseless(
  flags: ReadonlySet<string>,
  entries: readonly SuiteEntry[],
): void {
  const tables = entries.map(({ what, urls, options = {} }) => tableFor(what, urls, options));
  for (const key of flags) {
    if (!Object.hasOwn(servedOptions, key)) continue;
    if (tables.some((table) => Object.hasOwn(table, key))) continue;
    throw new UsageError(`--${flagName(key)} has no effect on what is served here`);
  }
}

function printTable(
  entries: readonly SuiteEntry[],
  docks: readonly Dock[],
  console: Console,
): void {
  const program = programWords();
  const rows = docks.flatMap((dock, index) =>
    dock.servers.map(({ url, certificate }) => [
      console.paintStdout("bold", entries[index]?.what.name ?? ""),
      console.paintStdout("cyan", url),
      `${program} ${talkTo(entries[index]?.what.name, url, certificate?.fingerprint)}`,
    ])
  );
  const heading = ["WHAT", "URL", "TALK TO IT WITH"]
    .map((word) => console.paintStdout("dim", word));
  for (const line of alignedRows([heading, ...rows])) console.print(line);
  console.print(console.paintStdout("dim", "\nCtrl-C stops; twice stops at once."));
}

/** The command that talks to an endpoint. */
function talkTo(
  what: string | undefined,
  url: string,
  fingerprint: string | undefined,
): string {
  if (what === "chat") return `chat ${url}`;
  if (/^https?:/.test(url)) return `fetch ${url}`;
  return `send ${url} ${fingerprint === undefined ? "" : `--tls-fingerprint ${fingerprint} `}hello`;
}
