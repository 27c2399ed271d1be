// `sockdock serve`: one protocol on one or several endpoints.

import type { HttpApp } from "../core/http/app.ts";
import { flagName, mergeTables } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import { textOf } from "../core/session.ts";
import { UsageError } from "../core/usage_error.ts";
import { serverSchemes } from "../dock/place.ts";
import { type Dock, serve as startServing } from "../dock/serve.ts";
import { defineCommand, type Invocation } from "./command.ts";
import { consoleOptions, recordOptions } from "./line/common_options.ts";
import type { Console } from "./terminal/console.ts";
import { withLocalAuthority, withUserHistory } from "./serving/user_defaults.ts";
import { serverEventSink, TranscriptFile } from "./terminal/events.ts";
import {
  concerning,
  served,
  servedByName,
  servedGroups,
  servedOptions,
  tableFor,
} from "./line/served.ts";
import { hasTerminal } from "./terminal/foreground.ts";
import { ReloadSignal } from "./serving/reload_signal.ts";
import { stdinLines } from "./terminal/stdin.ts";
import { StopSignals } from "./serving/stop_signals.ts";
import { untilStopped } from "./serving/until_stopped.ts";
import { readUser } from "./line/user_password.ts";

export const serve = defineCommand({
  name: "serve",
  summary: "serves one protocol on one or several endpoints",
  usage: "<protocol> <url>... [folder]",
  details: `All endpoints of one call share the protocol's state. A URL without a host listens on
loopback; another interface is spelt out, such as tcp://0.0.0.0:9999. Port 0 picks a free port, which
is printed.

Ctrl-C lets what is being answered finish; a second one stops at once.`,
  options: mergeTables(consoleOptions, recordOptions, servedOptions),
  groups: servedGroups,
  examples: [
    { run: "sockdock serve echo tcp://:9999 udp://:9999", does: "echoes on TCP and UDP" },
    { run: "sockdock serve print udp://:12345 --until q", does: "shows datagrams until q arrives" },
    { run: "sockdock serve upper tcp://:0 --json", does: "picks a free port and tells programs" },
  ],
  minArguments: 2,
  complete: (before, current) =>
    before.length === 0
      ? served.map((one) => one.name)
      : current.includes(":")
      ? []
      : [...serverSchemes.keys()].map((scheme) => `${scheme}://`),
  async run({ arguments: [name, ...words], options, given, flags, console }) {
    const what = servedByName(name!);
    const { urls, operand } = readWords(what, words, flags);
    return await serveUntilStopped(what, urls, operand, { options, given, flags, console });
  },
});

/** Serves what a command line asks for, until it is stopped.
 *
 * @param operand option values that its words stand for */
export async function serveUntilStopped(
  what: Protocol | HttpApp,
  urls: readonly string[],
  operand: Readonly<Record<string, unknown>>,
  { options, given, flags, console }: Omit<
    Invocation<typeof consoleOptions & typeof recordOptions>,
    "arguments"
  >,
): Promise<number> {
  using record = options.record === undefined
    ? undefined
    : new TranscriptFile(options.record, (line) => console.warn(line));
  using signals = new StopSignals();
  using hangUp = new ReloadSignal();
  const emit = serverEventSink(console, record, signals.finish);
  const asked = concerning({ ...options, ...operand }, given, flags, what, urls);
  const table = tableFor(what, urls, asked);
  const notes: string[] = [];
  await using dock: Dock = await startServing(urls, what, {
    ...await withUserHistory(await withLocalAuthority(asked, table, notes), table, notes),
    ...operand,
    ...askedUser(options, flags, console),
    ...typedLines(what, console),
    emit,
    watch: console.verbose || record !== undefined,
  });
  hangUp.concerns([dock], signals.finish);
  // Programs hear of listening first, on every run alike, and need no more.
  if (!console.json) { for (const note of notes) console.note(note); }
  return await untilStopped([dock], signals, emit);
}

/** What is typed here, where somebody types and it is for what is served. */
function typedLines(
  what: Protocol | HttpApp,
  console: Console,
): { readonly lines?: AsyncIterable<string> } {
  if (!("console" in what) || !what.console || !hasTerminal(console)) return {};
  return { lines: linesOf(console) };
}

/** A line longer than this is not typed by anybody. */
const MAX_TYPED_BYTES = 64 * 1024;

async function* linesOf(console: Console): AsyncGenerator<string> {
  for await (const line of stdinLines(console, MAX_TYPED_BYTES)) yield textOf(line);
}

/** Tells URLs from the one word that may stand for an option, such as the folder of `files`.
 * @throws {UsageError} when there are more such words, or the option was given too */
function readWords(
  what: Protocol | HttpApp,
  words: readonly string[],
  flags: ReadonlySet<string>,
): { readonly urls: readonly string[]; readonly operand: Record<string, unknown> } {
  const key = "operand" in what ? what.operand : undefined;
  if (key === undefined) return { urls: words, operand: {} };
  const urls = words.filter((word) => word.includes("://"));
  const [word, second] = words.filter((word) => !word.includes("://"));
  if (word === undefined) return { urls, operand: {} };
  const flag = `--${flagName(key)}`;
  if (second !== undefined) {
    throw new UsageError(`${what.name} takes one ${flagName(key)}, got "${word}" and "${second}"`);
  }
  if (flags.has(key)) {
    throw new UsageError(`"${word}" and ${flag} both say the ${flagName(key)}; give one of them`);
  }
  return { urls, operand: { [key]: what.options[key]?.parse(word, flag) } };
}

/** The user of --auth with the password, asked for where it is not there. */
function askedUser(
  options: Readonly<Record<string, unknown>>,
  flags: ReadonlySet<string>,
  console: Console,
): { readonly auth?: string } {
  const { auth } = options;
  if (typeof auth !== "string" || !flags.has("auth")) return {};
  const { user, password } = readUser("auth", auth, flags, console);
  return { auth: `${user}:${password}` };
}
