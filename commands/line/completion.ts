// Completion of unfinished command lines, and the shell scripts that call it. The scripts contain
// no command names: each runs `sockdock __complete -- words...`, whose last word is the one being
// typed, and offers the lines it prints; a line `:files` or `:folders` stands for those that it
// finds itself.

import type { Option, OptionTable } from "../../core/options/option.ts";
import { type CommandEntry, FILES, FOLDERS, HELP_TABLE } from "../command.ts";
import bash from "./completion_scripts/sockdock.bash" with { type: "text" };
import fish from "./completion_scripts/sockdock.fish" with { type: "text" };
import zsh from "./completion_scripts/sockdock.zsh" with { type: "text" };
import { optionNames, resolveWords } from "./words.ts";

export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

const SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/** The completions of the last of `words`; {@linkcode FILES} or {@linkcode FOLDERS} among them leaves
 * those to the shell. */
export async function complete(
  entries: readonly CommandEntry[],
  words: readonly string[],
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const [name, ...before] = words.slice(0, -1);
  const candidates = name === undefined
    ? entries.map((entry) => entry.name)
    : await commandCandidates(entries.find((entry) => entry.name === name), before, current);
  return candidates.filter((candidate) => candidate.startsWith(current) || isForShell(candidate));
}

/** The script for a shell, to be sourced or saved where that shell looks for completions. */
export function completionsScript(shell: Shell): string {
  return SCRIPTS[shell];
}

async function commandCandidates(
  entry: CommandEntry | undefined,
  before: readonly string[],
  current: string,
): Promise<readonly string[]> {
  if (entry === undefined) return [];
  const command = await entry.load();
  const table: OptionTable = { ...command.options, ...HELP_TABLE };
  const words = resolveWords(table, before);
  const arguments_ = words.flatMap((word) => word.kind === "argument" ? [word.text] : []);
  if (!before.includes("--")) {
    const last = words.at(-1);
    if (last?.kind === "option" && last.text === undefined) {
      return valueCandidates(table[last.key]!, current);
    }
    if (current.startsWith("-")) {
      const used = new Set(words.flatMap((word) => "key" in word ? [word.key] : []));
      const fitting = command.fitting?.(arguments_);
      const offered = fitting === undefined ? table : { ...onlyOwn(table, fitting), ...HELP_TABLE };
      return optionCandidates(offered, used, current);
    }
  }
  const { maxArguments = Infinity } = command;
  if (arguments_.length >= maxArguments) return [];
  return await command.complete?.(arguments_, current) ?? [];
}

/** The options of a command among those that fit. */
function onlyOwn(table: OptionTable, fitting: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([key]) => Object.hasOwn(fitting, key)));
}

/** The long names of options that were not used yet, or after `--name=` the values of that option. */
function optionCandidates(
  table: OptionTable,
  used: ReadonlySet<string>,
  current: string,
): readonly string[] {
  const names = optionNames(table);
  const [begun, name = ""] = /^(--[^=]+)=/.exec(current) ?? [];
  if (begun !== undefined) {
    const option = names.get(name)?.option;
    const values = option === undefined ? [] : valueCandidates(option, current.slice(begun.length));
    return values.map((value) => isForShell(value) ? value : begun + value);
  }
  return [...names]
    .filter(([name]) => name.startsWith("--"))
    .filter(([, { key, option }]) => option.many || !used.has(key))
    // Every flag has a --no- form, which would double the list; it is offered after --n.
    .filter(([, { on, option }]) => on || option.fallback === true || current.startsWith("--n"))
    .map(([name]) => name);
}

/** The values that an option may have, as far as they are known; those of a list after its commas. */
function valueCandidates(
  { choices, suggestions = [], metavar, many }: Option<unknown>,
  current: string,
): readonly string[] {
  if (choices !== undefined) return choices;
  const before = many ? current.slice(0, current.lastIndexOf(",") + 1) : "";
  const words = suggestions.map((word) => before + word);
  if (/\b(file|path)\b/.test(metavar)) return [...words, FILES];
  return metavar === "folder" ? [...words, FOLDERS] : words;
}

function isForShell(candidate: string): boolean {
  return candidate === FILES || candidate === FOLDERS;
}
