// Runs the command that argv names, and returns its exit code.

import { errorText } from "../core/event.ts";
import { UndeliveredError } from "../core/undelivered_error.ts";
import { requireRuntime } from "../core/runtime.ts";
import { UsageError } from "../core/usage_error.ts";
import { readArguments, type ReadEnvironment, wantsHelp } from "./line/arguments.ts";
import { type CommandEntry, PROGRAM } from "./command.ts";
import { type PrintingOptions, ReaderGoneError, type Stdio } from "./terminal/stdio.ts";
import { InterruptedError } from "./terminal/terminal.ts";
import { exitCodes } from "./exit_code.ts";
import { commands } from "./index.ts";

/** Runs one command line and returns the exit code. Never throws. */
export async function runCommandLine(
  argv: readonly string[],
  io: Stdio,
  env: ReadEnvironment,
): Promise<number> {
  let heard = io;
  try {
    const [word] = argv;
    if (word === "--help" || word === "-h") {
      return await runCommand("help", [], io, env, () => {});
    }
    if (word === "--version" || word === "-V") {
      const { VERSION } = await import("../core/version.ts");
      const { os, arch } = Deno.build;
      io.print(`${PROGRAM} ${VERSION} (deno ${Deno.version.deno}, ${os} ${arch})`);
      return exitCodes.ok;
    }
    requireRuntime();
    // Without a word, or with options alone, the main job is done: the suite of servers starts.
    const [name = "up", ...rest] = word?.startsWith("-") ? ["up", ...argv] : argv;
    if (name === "__complete") return await completeWords(rest, io);
    return await runCommand(name, rest, io, env, (adjusted) => heard = adjusted);
  } catch (error) {
    if (error instanceof ReaderGoneError) return exitCodes.ok;
    if (error instanceof InterruptedError) return exitCodes.interrupted;
    heard.error(errorText(error));
    // Where a usage error came from says nothing about the line that was typed.
    if (heard.verbose && error instanceof Error && !(error instanceof UsageError)) {
      heard.draw(`${error.stack}\n`);
    }
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof DOMException && error.name === "TimeoutError") return exitCodes.timedOut;
  if (error instanceof UndeliveredError) {
    return error.acknowledged < error.sent ? exitCodes.timedOut : exitCodes.failed;
  }
  return exitCodes.failed;
}

async function runCommand(
  name: string,
  argv: readonly string[],
  io: Stdio,
  env: ReadEnvironment,
  hear: (io: Stdio) => void,
): Promise<number> {
  const entry = commands.find((entry) => entry.name === name);
  if (entry === undefined) {
    const { meantByName } = await import("./line/meant_command.ts");
    const meant = await meantByName(name, argv, commands);
    throw new UsageError(`unknown command "${name}"${meant || `; ${PROGRAM} help lists them`}`);
  }
  const command = await entry.load();
  if (wantsHelp(argv)) {
    return await printHelp(entry, argv, io);
  }
  try {
    const read = readArguments(command, argv, env);
    const adjusted = io.with(read.options as PrintingOptions);
    hear(adjusted);
    return await command.run({ ...read, io: adjusted });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    // Not asked before: most lines are right, and a server starts sooner without it.
    const { meantByWords } = await import("./line/meant_command.ts");
    const meant = await meantByWords(command, argv);
    throw meant === undefined ? error : new UsageError(meant, { cause: error });
  }
}

/** Answers `serve --help`, and `serve chat --help` with what it says of the chat. */
async function printHelp(
  { load }: CommandEntry,
  argv: readonly string[],
  io: Stdio,
): Promise<number> {
  const { helpOf } = await import("./manual/manual.ts");
  const { pageText } = await import("./manual/text.ts");
  io.print(pageText(await helpOf(await load(), argv), { widthColumns: io.columns }));
  return exitCodes.ok;
}

/** Answers the completion scripts of shells. */
async function completeWords(words: readonly string[], io: Stdio): Promise<number> {
  const { complete } = await import("./line/completion.ts");
  const typed = words[0] === "--" ? words.slice(1) : words;
  for (const candidate of await complete(commands, typed)) io.print(candidate);
  return exitCodes.ok;
}
