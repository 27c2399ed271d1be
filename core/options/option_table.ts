// A table of options: the names derived from its keys, and how given values become complete ones.

import { didYouMean } from "./nearest.ts";
import type { Option } from "./option.ts";
import { UsageError } from "../usage_error.ts";

/** Keys are camelCase with their unit, as in code: `idleTimeoutMs`. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What a table's options are once resolved: every field is there. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Option<infer T> ? T : never;
};

/** Options by key, before they are resolved. What was not given is left out or undefined. */
export type Given = Readonly<Record<string, unknown>>;

/** What several tables are together: `A & B & C` from `A | B | C`. */
export type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends
  (value: infer All) => void ? All : never;

/** The names that were asked for. A command asks for those of hundreds of options several times
 * before it begins; without this, a sixth of its start goes into that. */
const flagNames = new Map<string, string>();

/** The flag of a key, without dashes and unit: `idleTimeoutMs` is `idle-timeout`. */
export function flagName(key: string): string {
  const known = flagNames.get(key);
  if (known !== undefined) return known;
  const name = key
    .replace(/(?<=.)(BytesPerSecond|PerSecond|Seconds|Bytes|Ms)$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
  flagNames.set(key, name);
  return name;
}

/** The environment variable of a key: `idleTimeoutMs` is `SOCKDOCK_IDLE_TIMEOUT`. */
export function environmentName(key: string): string {
  return `SOCKDOCK_${flagName(key).replaceAll("-", "_").toUpperCase()}`;
}

/**
 * The value of a whole option from the text of a source other than the command line. A repeatable
 * option takes an array of texts, or one text with its separator between the elements.
 *
 * @param label what the source calls it, which begins every message: `SOCKDOCK_PORT`,
 *   `harbour.toml: servers.chat.port`
 * @throws {UsageError} when the text is not such a value
 */
export function parseText(
  option: Option<unknown>,
  text: string | readonly string[],
  label: string,
): unknown {
  if (option.many) {
    const texts = typeof text === "string"
      ? text.split(option.separator).map((part) => part.trim()).filter((part) => part !== "")
      : text;
    return texts.map((part) => option.parse(part, label));
  }
  if (typeof text !== "string") {
    throw new UsageError(`${label}: expected one value, got ${text.length}`);
  }
  return option.parse(text, label);
}

/**
 * The library's edge: checks each given value and fills in the defaults, once, so that inside every
 * field is present. The argument is left as it was; undefined counts as not given.
 *
 * @throws {TypeError} when a key is unknown, a value of the wrong type or a required one missing
 * @throws {RangeError} when a value is out of bounds
 */
export function resolveOptions<Table extends OptionTable>(
  table: Table,
  given: Partial<OptionValues<Table>>,
): OptionValues<Table> {
  const values = new Map<string, unknown>(Object.entries(given));
  for (const [key, value] of values) {
    if (value === undefined || Object.hasOwn(table, key)) continue;
    throw new TypeError(`unknown option ${key}${didYouMean(key, Object.keys(table))}`);
  }
  const resolved = Object.entries(table).map(([key, option]) => {
    const value = values.get(key);
    if (value === undefined) {
      if (option.required) throw new TypeError(`${key} is required: ${option.help}`);
      return [key, option.fallback];
    }
    option.check(value, key);
    // A copy, so that an array the caller keeps changing does not change a running server.
    return [key, Array.isArray(value) ? [...value] : value];
  });
  // Sound because `check` has just held each value against its own option; TypeScript cannot see
  // that through Object.fromEntries.
  return Object.freeze(Object.fromEntries(resolved)) as OptionValues<Table>;
}

/**
 * One table's share of the options that were given for many, complete and checked.
 *
 * @throws as {@linkcode resolveOptions} does, but for the keys of others, which are left out
 */
export function resolveShare<Table extends OptionTable>(
  table: Table,
  given: Given,
): OptionValues<Table> {
  const own = Object.entries(given).filter(([key]) => Object.hasOwn(table, key));
  // resolveOptions checks each value against its option.
  return resolveOptions(table, Object.fromEntries(own) as Partial<OptionValues<Table>>);
}

type Merged<Tables extends readonly OptionTable[]> = number extends Tables["length"] ? OptionTable
  : Tables extends
    readonly [infer First extends OptionTable, ...infer Rest extends readonly OptionTable[]]
    ? First & Merged<Rest>
  : unknown;

/** The names of a merged table, each with its key: those of the largest of its parts, which were
 * checked when that was merged, and the others. */
interface Names {
  readonly table: OptionTable;
  readonly part: Names | undefined;
  readonly others: ReadonlyMap<string, string>;
}

const namesOf = new WeakMap<OptionTable, Names>();

/**
 * One table of several. The same option object under the same key may come from many of them, which
 * is how tables share an option; anything else that would make a flag, environment variable or
 * short letter mean two things is a mistake in the program.
 *
 * @throws {TypeError} when two different options claim one name
 */
export function mergeTables<const Tables extends readonly OptionTable[]>(
  ...tables: Tables
): Merged<Tables> {
  const [part] = tables.map((table) => namesOf.get(table)).filter((names) => names !== undefined)
    .toSorted((one, other) => Object.keys(other.table).length - Object.keys(one.table).length);
  const others = new Map<string, string>();
  const merged: Record<string, Option<unknown>> = {};
  for (const table of tables) {
    for (const key in table) {
      const option = table[key]!;
      if (merged[key] === option) continue;
      merged[key] ??= option;
      if (part?.table[key] === option) continue;
      for (const name of claimedNames(key, option)) {
        const owner = others.get(name) ?? ownerIn(part, name);
        if (owner !== undefined) {
          const { help } = (part?.table[owner] ?? merged[owner])!;
          throw new TypeError(
            `two options claim ${name}: ${owner} ("${help}") and ${key} ("${option.help}")`,
          );
        }
        others.set(name, key);
      }
    }
  }
  namesOf.set(merged, { table: merged, part, others });
  // The loop put every entry of every table in, which is what the intersection says.
  return Object.freeze(merged) as Merged<Tables>;
}

function ownerIn(names: Names | undefined, name: string): string | undefined {
  return names && (names.others.get(name) ?? ownerIn(names.part, name));
}

/** Every form the command line reads as this option. */
function claimedNames(key: string, option: Option<unknown>): string[] {
  if (!/^[a-z][A-Za-z0-9]*$/.test(key) || key in Object.prototype) {
    throw new TypeError(`option key "${key}" is not a plain camelCase name`);
  }
  const flag = flagName(key);
  // `--no-x` is how the flag x is turned off.
  if (option.kind === "value" && flag.startsWith("no-")) {
    throw new TypeError(`option key "${key}" takes a value and so cannot begin with "no"`);
  }
  const names = [`--${flag}`];
  if (option.negatable) names.push(`--no-${flag}`);
  if (option.short !== undefined) names.push(`-${option.short}`);
  return names;
}
