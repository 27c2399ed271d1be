// Resolves the words of a command line to options, values of options, and arguments. Completion
// resolves unfinished lines, so nothing throws here: an unknown option is a word of its own kind.

import { nearest } from "../../core/options/nearest.ts";
import { flagName, type Option, type OptionTable } from "../../core/options/option.ts";
import type { Habits } from "../command.ts";

export type Word =
  /** `text` is the value, `true` or `false` for a flag; undefined when the value is missing. */
  | { readonly kind: "option"; readonly key: string; readonly text: string | undefined }
  | { readonly kind: "argument"; readonly text: string }
  | { readonly kind: "wrong"; readonly message: string };

interface Named {
  readonly key: string;
  readonly option: Option<unknown>;
  readonly on: boolean;
}

/** Resolves `words`, the command's name left out, by the names in `table`. */
export function resolveWords(
  table: OptionTable,
  words: readonly string[],
  habits?: Habits,
): Word[] {
  const names = optionNames(table);
  const queue = [...words];
  const resolved: Word[] = [];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === "--") {
      return [...resolved, ...queue.map((text) => ({ kind: "argument", text } as const))];
    }
    if (!isOption(word, names)) resolved.push({ kind: "argument", text: word });
    else if (word.startsWith("--")) resolved.push(resolveLong(word, names, queue, habits));
    else resolved.push(...resolveShorts(word, names, queue, habits));
  }
  return resolved;
}

/** Options by the names that may be written: `--idle-timeout`, `--no-json`, `-k`. */
export function optionNames(table: OptionTable): ReadonlyMap<string, Named> {
  const names = new Map<string, Named>();
  for (const [key, option] of Object.entries(table)) {
    names.set(`--${flagName(key)}`, { key, option, on: true });
    if (option.negatable) names.set(`--no-${flagName(key)}`, { key, option, on: false });
    if (option.short !== undefined) names.set(`-${option.short}`, { key, option, on: true });
  }
  return names;
}

/** A single dash is an argument (standard input, by convention), and so is a negative number. */
function isOption(word: string, names: ReadonlyMap<string, Named>): boolean {
  if (!word.startsWith("-") || word === "-") return false;
  return !/^-\.?\d/.test(word) || names.has(word.slice(0, 2));
}

function resolveLong(
  word: string,
  names: ReadonlyMap<string, Named>,
  queue: string[],
  habits: Habits | undefined,
): Word {
  const equals = word.indexOf("=");
  const name = equals === -1 ? word : word.slice(0, equals);
  const attached = equals === -1 ? undefined : word.slice(equals + 1);
  const named = names.get(name);
  if (named === undefined) {
    return { kind: "wrong", message: habit(name, habits) ?? unknownLong(name, names) };
  }
  const { key, option, on } = named;
  if (option.kind === "value") {
    return { kind: "option", key, text: attached ?? takeValue(option, names, queue) };
  }
  return attached === undefined
    ? { kind: "option", key, text: String(on) }
    : refuseValue(name, attached);
}

/** `-q`, `-k value`, `-kvalue`, `-k=value`, and flags bundled before it: `-qk value`. */
function resolveShorts(
  word: string,
  names: ReadonlyMap<string, Named>,
  queue: string[],
  habits: Habits | undefined,
): Word[] {
  const resolved: Word[] = [];
  const letters = [...word.slice(1)];
  for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
    const named = names.get(`-${letter}`);
    const rest = letters.join("");
    const attached = rest.startsWith("=") ? rest.slice(1) : rest;
    if (named === undefined) {
      const message = habit(`-${letter}`, habits) ?? unknownShort(letter, word);
      return [...resolved, { kind: "wrong", message }];
    }
    const { key, option } = named;
    if (option.kind === "value") {
      const text = rest === "" ? takeValue(option, names, queue) : attached;
      return [...resolved, { kind: "option", key, text }];
    }
    if (rest.startsWith("=")) return [...resolved, refuseValue(`-${letter}`, attached)];
    resolved.push({ kind: "option", key, text: "true" });
  }
  return resolved;
}

function takeValue(
  { bare }: Option<unknown>,
  names: ReadonlyMap<string, Named>,
  queue: string[],
): string | undefined {
  const next = queue[0];
  if (bare !== undefined && (next === undefined || !bare.takes.test(next))) return bare.text;
  return next === undefined || isOption(next, names) ? undefined : queue.shift();
}

function refuseValue(name: string, value: string): Word {
  return { kind: "wrong", message: `${name} takes no value, got ${JSON.stringify(value)}` };
}

/** The message about an option of another program that is called differently here. */
function habit(name: string, habits: Habits | undefined): string | undefined {
  const remedy = habits?.remedies.get(name);
  return remedy === undefined ? undefined : `${name} is of ${habits!.program}; here ${remedy}`;
}

function unknownLong(name: string, names: ReadonlyMap<string, Named>): string {
  const positive = name.replace(/^--no-/, "--");
  if (positive !== name && names.has(positive)) {
    return `${name}: ${positive} cannot be turned off; leave it out instead`;
  }
  const known = nearest(name, [...names.keys()].filter((name) => name.startsWith("--")));
  return known === undefined
    ? `unknown option ${name}; put -- before an argument that begins with a dash`
    : `unknown option ${name}; did you mean ${known}?`;
}

function unknownShort(letter: string, word: string): string {
  const where = word === `-${letter}` ? "" : ` in ${word}`;
  return `unknown option -${letter}${where}; put -- before an argument that begins with a dash`;
}
