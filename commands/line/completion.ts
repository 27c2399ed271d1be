// Completion of unfinished command lines, and the shell scripts that call it. The scripts contain
// no command names: each runs `sockdock __complete -- words...`, whose last word is the one being
// typed, and offers the lines it prints.

import type { OptionTable } from "../../core/options/option.ts";
import { type CommandEntry, HELP_TABLE } from "../command.ts";
import bash from "./completion_scripts/sockdock.bash" with { type: "text" };
import fish from "./completion_scripts/sockdock.fish" with { type: "text" };
import zsh from "./completion_scripts/sockdock.zsh" with { type: "text" };
import { optionNames, resolveWords } from "./words.ts";

export type Shell = "bash" | "zsh" | "fish";

const SCRIPTS: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/** The completions of the last of `words`. With none, only a file is possible, which the shell
 * completes itself. */
export async function complete(
  entries: readonly CommandEntry[],
  words: readonly string[],
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const [name, ...before] = words.slice(0, -1);
  const candidates = name === undefined
    ? entries.map((entry) => entry.name)
    : await commandCandidates(entries.find((entry) => entry.name === name), before, current);
  return candidates.filter((candidate) => candidate.startsWith(current));
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
      return table[last.key]?.choices ?? [];
    }
    if (current.startsWith("-")) {
      const used = new Set(words.flatMap((word) => "key" in word ? [word.key] : []));
      return optionCandidates(table, used, current);
    }
  }
  return command.complete?.(arguments_, current) ?? [];
}

/** The long names of options that were not used yet, or after `--name=` the choices of that option. */
function optionCandidates(
  table: OptionTable,
  used: ReadonlySet<string>,
  current: string,
): readonly string[] {
  const names = optionNames(table);
  const [, name] = /^(--[^=]+)=/.exec(current) ?? [];
  if (name !== undefined) {
    return (names.get(name)?.option.choices ?? []).map((value) => `${name}=${value}`);
  }
  return [...names]
    .filter(([name]) => name.startsWith("--"))
    .filter(([, { key, option }]) => option.many || !used.has(key))
    // Every flag has a --no- form, which would double the list; it is offered after --n.
    .filter(([, { on, option }]) => on || option.fallback === true || current.startsWith("--n"))
    .map(([name]) => name);
}
