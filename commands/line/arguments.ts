// argv and the environment become the typed call of a command.

import { parseArgs } from "@std/cli/parse-args";
import {
  environmentName,
  flagName,
  type Option,
  type OptionTable,
  type OptionValues,
  parseText,
} from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Command, type Invocation, PROGRAM } from "../command.ts";
import { readWords, type Word } from "./words.ts";

/** Looks up one environment variable. */
export type ReadEnvironment = (name: string) => string | undefined;

/** What reading a command line needs to know of a command. */
export type CommandShape<Table extends OptionTable> = Pick<
  Command<Table>,
  "name" | "usage" | "options" | "minArguments" | "maxArguments"
>;

/**
 * Reads the words after the command's name. A flag wins over its `SOCKDOCK_*` variable, which wins
 * over the default; an empty variable counts as not set.
 *
 * @throws {UsageError} when anything is wrong with either
 */
export function readArguments<Table extends OptionTable>(
  command: CommandShape<Table>,
  argv: readonly string[],
  env: ReadEnvironment,
): Omit<Invocation<Table>, "console"> {
  const words = readWords(command.options, argv);
  refuseWrong(command.options, words);
  const parsed = parseArgs(unambiguous(words), parseOptions(command.options));
  const given = new Map<string, unknown>();
  const flags = new Set<string>();
  for (const [key, option] of Object.entries(command.options)) {
    const typed = fromFlag(key, option, parsed[flagName(key)]);
    if (typed !== undefined) flags.add(key);
    const value = typed ?? fromEnvironment(key, option, env);
    if (value !== undefined) given.set(key, value);
    else if (option.required) {
      throw new UsageError(
        `--${flagName(key)} <${option.metavar}> is required (or ${
          environmentName(key)
        }): ${option.help}`,
      );
    }
  }
  const positional = parsed["--"] ?? [];
  checkCount(command, positional);
  const options = Object.entries(command.options).map(([key, option]) =>
    [key, given.has(key) ? given.get(key) : option.fallback] as const
  );
  return {
    // Each value was made by the `parse` of its own option, or is its fallback.
    options: Object.fromEntries(options) as OptionValues<Table>,
    given: new Set(given.keys()),
    flags,
    arguments: positional,
  };
}

/** Whether the line asks for help, however wrong the rest of it is. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? argv.length : end)
    .some((word) => word === "--help" || word === "-h");
}

function refuseWrong(table: OptionTable, words: readonly Word[]): void {
  for (const word of words) {
    if (word.kind === "wrong") throw new UsageError(word.message);
    if (word.kind !== "value" || word.text !== undefined) continue;
    const name = `--${flagName(word.key)}`;
    throw new UsageError(
      `${name} needs a value: ${name} <${table[word.key]?.metavar}>` +
        `, or ${name}=... when it begins with a dash`,
    );
  }
}

/**
 * The same line in the one shape that parseArgs reads exactly: names written out, values attached,
 * arguments behind `--`. Left to itself it makes 7 of the argument `007`, gives `true` after a flag
 * to the flag, splits a value off before `-x`, leaves an empty value behind as an argument, and
 * reads `--no-x=1` as `--x=1`.
 */
function unambiguous(words: readonly Word[]): string[] {
  const options = words.flatMap((word) => {
    if (word.kind === "flag") return [`--${word.on ? "" : "no-"}${flagName(word.key)}`];
    return word.kind === "value" ? [`--${flagName(word.key)}=${word.text}`] : [];
  });
  const positional = words.flatMap((word) => word.kind === "argument" ? [word.text] : []);
  return [...options, "--", ...positional];
}

function parseOptions(table: OptionTable) {
  const named = (wanted: (option: Option<unknown>) => boolean) =>
    Object.entries(table).filter(([, option]) => wanted(option)).map(([key]) => flagName(key));
  return {
    "--": true,
    string: named((option) => option.kind === "value"),
    boolean: named((option) => option.kind === "flag"),
    negatable: named((option) => option.negatable),
    // Flags too: collected, one that was not given is [] and cannot be taken for --no-flag.
    collect: named(() => true),
  };
}

function fromFlag(key: string, option: Option<unknown>, parsed: unknown): unknown {
  if (parsed === false) return false;
  if (!Array.isArray(parsed) || parsed.length === 0) return undefined;
  if (option.kind === "flag") return true;
  const name = `--${flagName(key)}`;
  if (!option.many && parsed.length > 1) {
    throw new UsageError(`${name} was given ${parsed.length} times; give it once`);
  }
  const values = parsed.map((text) => option.parse(String(text), name));
  return option.many ? values : values[0];
}

function fromEnvironment(key: string, option: Option<unknown>, env: ReadEnvironment): unknown {
  const name = environmentName(key);
  const text = env(name);
  return text === undefined || text === "" ? undefined : parseText(option, text, name);
}

function checkCount(command: CommandShape<OptionTable>, positional: readonly string[]): void {
  const { minArguments = 0, maxArguments = Infinity } = command;
  const usage = `usage: ${[PROGRAM, command.name, command.usage].join(" ").trim()}`;
  if (positional.length < minArguments) {
    const count = minArguments === 1 ? "an argument" : `${minArguments} arguments`;
    throw new UsageError(`${command.name} needs ${count}; ${usage}`);
  }
  if (positional.length > maxArguments) {
    throw new UsageError(
      `unexpected argument ${JSON.stringify(positional[maxArguments])}; ${usage}`,
    );
  }
}
