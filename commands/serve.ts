// The command `sockdock serve`: serves one protocol on one or several endpoints.

import { isLoopback } from "../core/addresses/address.ts";
import { type Endpoint, hostOrLoopback, isUrl } from "../core/addresses/endpoint.ts";
import type { HttpApp } from "../core/http/app.ts";
import { flagName, type Given, mergeTables } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import { textOf } from "../core/session.ts";
import { UsageError } from "../core/usage_error.ts";
import { serverSchemes } from "../dock/schemes.ts";
import { serve as startServing } from "../dock/serve.ts";
import { defineCommand, FOLDERS, type Invocation } from "./command.ts";
import { givenOf } from "./line/arguments.ts";
import { qrOptions, requestLogOptions } from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { runServers } from "./serving/run_servers.ts";
import { withRequestLog, withUserDefaults } from "./serving/user_defaults.ts";
import type { LogFormat } from "./terminal/request_log.ts";
import {
  fittingServing,
  planned,
  runningOptions,
  servable,
  servedByName,
  servedOptions,
  servingHabits,
} from "./line/serve_options.ts";
import { hasTerminal, stdinLines } from "./terminal/stdin.ts";

const ownOptions = mergeTables(qrOptions, runningOptions, requestLogOptions);

export const serve = defineCommand({
  name: "serve",
  summary: "serves one protocol on one or several endpoints",
  usage: "<protocol> <url>... [folder]",
  habits: servingHabits,
  details: `All endpoints share one state. No host in a URL means loopback, port 0 any free port;
tcp://0.0.0.0:9999 listens everywhere. Ctrl-C stops, a second one at once.`,
  options: mergeTables(ownOptions, servedOptions),
  examples: [
    { run: "sockdock serve echo tcp://:9999 udp://:9999", does: "echoes on TCP and UDP" },
    { run: "sockdock serve print udp://:12345 --until q", does: "shows datagrams until q arrives" },
    { run: "sockdock serve upper tcp://:0 --json", does: "picks a free port, for programs" },
  ],
  minArguments: 2,
  async complete([name, ...before], current) {
    if (name === undefined) return servable.map((one) => one.name);
    const what = servable.find((one) => one.name === name);
    if (what === undefined) return [];
    const hasOperand = before.some((word) => !isUrl(word, serverSchemes));
    const operand = what.operand === undefined || hasOperand || current.includes(":")
      ? []
      : [FOLDERS];
    const { listeningWords } = await import("./line/url_words.ts");
    return [...listeningWords(what, current), ...operand];
  },
  fitting: ([name, ...words]) => ({
    ...ownOptions,
    ...fittingServing(servable.find((one) => one.name === name), words),
  }),
  async run({ arguments: [name, ...words], options, given, flags, io }) {
    const what = servedByName(name!);
    const { urls, operand } = takeOperand(what, words, flags);
    const invocation = { options, given, flags, io };
    const { logFormat, qr } = options;
    return await serveUntilStopped(what, urls, operand, invocation, { logFormat, qr });
  },
});

/** What is shown of a server. */
interface ServeShowing {
  readonly logFormat?: LogFormat;
  /** Whether a QR code of its first URL is. */
  readonly qr?: boolean;
}

type ServingOptions = typeof runningOptions;

/** Serves a protocol or an application until it is stopped.
 * @param operand values of options that are given as plain words */
export async function serveUntilStopped(
  what: Protocol | HttpApp,
  urls: readonly string[],
  operand: Given,
  invocation: Omit<Invocation<ServingOptions>, "arguments">,
  { logFormat = "common", qr = false }: ServeShowing = {},
): Promise<number> {
  const { options, flags, io } = invocation;
  // Before signals are listened to: a program that waits for a key would not hear of them.
  const asked = await askedUsers(options, flags, io);
  const given = { ...givenOf(servedOptions, invocation), ...operand };
  const plan = planned(what, urls, given, flags);
  const reachable = qr || plan.urls.some(isForOthers)
    ? await import("./serving/reachable.ts")
    : undefined;
  if (qr) reachable!.refuseUselessQr(plan.urls);
  const logged = withRequestLog(plan.options, plan.table, io);
  const notes: string[] = [];
  return await runServers(invocation, {
    requests: { shown: logged.logRequests === true, format: logFormat },
    async start(hooks) {
      const dock = await startServing(plan.urls, what, {
        ...await withUserDefaults(logged, plan.table, notes),
        ...asked,
        ...options.untilEof ? {} : typedLines(what, io),
        ...hooks,
      });
      return { docks: [dock], [Symbol.asyncDispose]: () => dock[Symbol.asyncDispose]() };
    },
    async show(docks, control) {
      await reachable?.printReachable(docks.flatMap((dock) => dock.urls), io, { qr });
      if (control?.shown !== undefined) io.note(`the control is at ${control.shown}`);
      // With --json the first lines are those of the control and the `listening` events, on every run.
      if (!io.json) { for (const note of notes) io.note(note); }
    },
  });
}

/** Whether other machines may reach it. */
function isForOthers(endpoint: Endpoint): boolean {
  return endpoint.addressing === "host" && !isLoopback(hostOrLoopback(endpoint));
}

/** The lines typed at the terminal, for a protocol that reads them. */
function typedLines(
  what: Protocol | HttpApp,
  io: Stdio,
): { readonly lines?: AsyncIterable<string> } {
  if (!("console" in what) || !what.console || !hasTerminal(io)) return {};
  return { lines: linesOf(io) };
}

const MAX_TYPED_BYTES = 64 * 1024;

async function* linesOf(io: Stdio): AsyncGenerator<string> {
  for await (const line of stdinLines(io, MAX_TYPED_BYTES)) yield textOf(line);
}

/** Separates URLs from the word that stands for an option, such as the folder of `files`.
 * @throws {UsageError} when there are more such words, or the option was given too */
function takeOperand(
  what: Protocol | HttpApp,
  words: readonly string[],
  flags: ReadonlySet<string>,
): { readonly urls: readonly string[]; readonly operand: Record<string, unknown> } {
  const key = "operand" in what ? what.operand : undefined;
  if (key === undefined) return { urls: words, operand: {} };
  const urls = words.filter((word) => isUrl(word, serverSchemes));
  const [word, second] = words.filter((word) => !isUrl(word, serverSchemes));
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

/** The users of --auth and --auth-upload; a missing password is asked for at the terminal, twice. */
async function askedUsers(
  options: Given,
  flags: ReadonlySet<string>,
  io: Stdio,
): Promise<{ readonly auth?: string; readonly authUpload?: string }> {
  const asked: Record<string, string> = {};
  for (const key of ["auth", "authUpload"]) {
    const written = options[key];
    if (typeof written !== "string" || !flags.has(key)) continue;
    const { readUser } = await import("./line/user_password.ts");
    const { user, password } = readUser(key, written, flags, io, true);
    asked[key] = `${user}:${password}`;
  }
  return asked;
}
