// Parses argv and the environment to the typed call of a command: words.ts resolves the words,
// parseArgs collects them by option, and each value is parsed and checked here, once.

import { parseArgs } from "@std/cli/parse-args";
import {
  environmentName,
  flagName,
  type Given,
  type Option,
  type OptionTable,
  type OptionValues,
  parseText,
} from "../../core/options/option.ts";
import { missingBesides } from "../../core/options/needs.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Command, type Invocation, PROGRAM } from "../command.ts";
import { resolveWords, type Word } from "./words.ts";

export type ReadEnvironment = (name: string) => string | undefined;

/** The part of a command that is needed to parse its line. */
type CommandShape<Table extends OptionTable> = Pick<
  Command<Table>,
  "name" | "usage" | "options" | "habits" | "needs" | "minArguments" | "maxArguments"
>;

/** Reads the words after the command's name. A flag wins over its `SOCKDOCK_*` variable, which wins
 * over the default. An empty variable counts as not set, but that of a guard is refused.
 * @throws {UsageError} when a word or a variable is wrong */
export function readArguments<Table extends OptionTable>(
  command: CommandShape<Table>,
  argv: readonly string[],
  env: ReadEnvironment,
): Omit<Invocation<Table>, "io"> {
  const words = resolveWords(command.options, argv, command.habits);
  const used = words.flatMap((word) => word.kind === "option" ? [word.key] : []);
  const { "--": positional = [], ...collected } = parseArgs(
    attached(command.options, words),
    { "--": true, string: used, collect: used },
  );
  const options: Record<string, unknown> = {};
  const given = new Set<string>();
  const flags = new Set<string>();
  for (const [key, option] of Object.entries(command.options)) {
    const typed = fromFlag(key, option, collected[key] as readonly string[] | undefined);
    if (typed !== undefined) flags.add(key);
    const value = typed ?? fromEnvironment(key, option, env);
    if (value !== undefined) given.add(key);
    else if (option.required) {
      throw new UsageError(
        `--${flagName(key)} <${option.metavar}> is required (or ${
          environmentName(key)
        }): ${option.help}`,
      );
    }
    options[key] = value ?? option.fallback;
  }
  checkCount(command, positional);
  refuseLonely(command, options, flags);
  // Each value was made by the `parse` of its own option, or is its fallback.
  return { options: options as OptionValues<Table>, given, flags, arguments: positional };
}

/** The given options of a table, by key, without defaults. */
export function givenOf(
  table: OptionTable,
  { options, given }: Pick<Invocation, "options" | "given">,
): Given {
  return Object.fromEntries(
    [...given].filter((key) => Object.hasOwn(table, key)).map((key) => [key, options[key]]),
  );
}

/** Whether the line asks for help, even if the rest of it is wrong. */
export function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? argv.length : end)
    .some((word) => word === "--help" || word === "-h");
}

/** Writes the resolved words in a form that parseArgs cannot misread: `--key=value`, the arguments
 * after `--`. Otherwise it would convert the argument `007` to 7, take `true` after a flag for its
 * value, split a value off before `-x`, and leave an empty value behind as an argument.
 *
 * @throws {UsageError} when a word is wrong or a value is missing */
function attached(table: OptionTable, words: readonly Word[]): string[] {
  const options: string[] = [];
  const positional: string[] = [];
  for (const word of words) {
    if (word.kind === "wrong") throw new UsageError(word.message);
    if (word.kind === "argument") positional.push(word.text);
    else if (word.text !== undefined) options.push(`--${word.key}=${word.text}`);
    else {
      const name = `--${flagName(word.key)}`;
      throw new UsageError(
        `${name} needs a value: ${name} <${table[word.key]?.metavar}>` +
          `, or ${name}=... when it begins with a dash`,
      );
    }
  }
  return [...options, "--", ...positional];
}

/** The value on the command line; undefined when there is none. */
function fromFlag(
  key: string,
  option: Option<unknown>,
  texts: readonly string[] | undefined,
): unknown {
  if (texts === undefined) return undefined;
  const name = `--${flagName(key)}`;
  if (option.many) return texts.map((text) => option.parse(text, name));
  if (option.kind === "value" && texts.length > 1) {
    throw new UsageError(`${name} was given ${texts.length} times; give it once`);
  }
  // The last word counts, unless the option is repeatable.
  return option.parse(texts.at(-1)!, name);
}

function fromEnvironment(key: string, option: Option<unknown>, env: ReadEnvironment): unknown {
  const name = environmentName(key);
  const text = env(name);
  if (text === undefined || (text === "" && !option.guard)) return undefined;
  return parseText(option, text, name);
}

/** Refuses options of the line that have no effect without another one. */
function refuseLonely(
  { needs = {} }: CommandShape<OptionTable>,
  options: Given,
  flags: ReadonlySet<string>,
): void {
  for (const key of flags) {
    const missing = missingBesides(key, needs, options);
    if (missing === undefined) continue;
    throw new UsageError(`--${flagName(key)} has no effect without --${flagName(missing[0])}`);
  }
}

function checkCount(command: CommandShape<OptionTable>, positional: readonly string[]): void {
  const { minArguments = 0, maxArguments = Infinity } = command;
  const usage = `usage: ${[PROGRAM, command.name, command.usage].join(" ").trim()}` +
    `; ${PROGRAM} help ${command.name} says more`;
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
