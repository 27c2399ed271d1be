// Tables of options: names derived from their keys, and resolving given values to complete ones.

import { didYouMean } from "./nearest.ts";
import type { Option } from "./option.ts";
import { withoutUnit } from "./quantity.ts";
import { UsageError } from "../usage_error.ts";

/** Keys are camelCase with their unit, as in code: `idleTimeoutMs`. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The resolved values of a table: every field is present. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends Option<infer T> ? T : never;
};

/** The table whose options have these values: the other way round than {@linkcode OptionValues}, for
 * the explicit type of a protocol whose options have an interface of their own. */
export type TableOf<Values> = { readonly [Key in keyof Values]: Option<Values[Key]> };

/** Options by key, before they are resolved. What was not given is left out or undefined. */
export type Given = Readonly<Record<string, unknown>>;

/** What several tables are together: `A & B & C` from `A | B | C`. */
export type Intersection<Union> = (Union extends unknown ? (value: Union) => void : never) extends
  (value: infer All) => void ? All : never;

/** Cache of flag names. A command needs those of hundreds of options several times before it
 * begins; without the cache, they take a sixth of its start. */
const flagNames = new Map<string, string>();

/** The flag of a key, without dashes and unit: `idleTimeoutMs` is `idle-timeout`. */
export function flagName(key: string): string {
  const known = flagNames.get(key);
  if (known !== undefined) return known;
  const name = withoutUnit(key)
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

/** Parses the value of an option from a source other than the command line. A repeatable option
 * takes an array of texts, or one text with its separator between the elements.
 * @param label the name in the source, which begins every message: `SOCKDOCK_PORT`, `harbour.toml:
 * servers.chat.port`
 * @throws {UsageError} when the text is not such a value */
export function parseText(
  option: Option<unknown>,
  text: string | readonly string[],
  label: string,
): unknown {
  if (option.many) {
    const texts = typeof text === "string"
      ? text.split(option.separator).map((part) => part.trim()).filter((part) => part !== "")
      : text;
    // An empty list guards as little as an empty text, which `parse` refuses.
    const parts = option.guard && texts.length === 0 ? [""] : texts;
    return parts.map((part) => option.parse(part, label));
  }
  if (typeof text !== "string") {
    throw new UsageError(`${label}: expected one value, got ${text.length}`);
  }
  return option.parse(text, label);
}

/** Checks the options of a library call and fills in the defaults, once, so that internally every
 * field is present. The argument is not changed; undefined counts as not given.
 * @param others names of options beside the table, one of which an unknown key may have meant
 * @throws {TypeError} when a key is unknown, a value of the wrong type or a required one missing
 * @throws {RangeError} when a value is out of bounds */
export function resolveOptions<Table extends OptionTable>(
  table: Table,
  given: Partial<OptionValues<Table>>,
  others: Iterable<string> = [],
): OptionValues<Table> {
  const values = new Map<string, unknown>(Object.entries(given));
  for (const [key, value] of values) {
    if (value === undefined || Object.hasOwn(table, key)) continue;
    throw new TypeError(
      `unknown option ${key}${didYouMean(key, [...Object.keys(table), ...others])}`,
    );
  }
  const resolved = Object.entries(table).map(([key, option]) => {
    const value = values.get(key);
    if (value === undefined) {
      if (option.required) throw new TypeError(`${key} is required: ${option.help}`);
      return [key, option.fallback];
    }
    option.check(value, key);
    // A copy, so that later changes to the caller's array do not change a running server.
    return [key, Array.isArray(value) ? [...value] : value];
  });
  // Sound because `check` has compared each value with its option; TypeScript cannot see that
  // through Object.fromEntries.
  return Object.freeze(Object.fromEntries(resolved)) as OptionValues<Table>;
}

/** Resolves one table from values that were given for several.
 * @throws as {@linkcode resolveOptions} does, except for unknown keys, which are ignored */
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

/** The names of a merged table, each with its key. Those of its largest part were checked when that
 * was merged, so only the others are. */
interface Names {
  readonly table: OptionTable;
  readonly part: Names | undefined;
  readonly others: ReadonlyMap<string, string>;
}

const namesOf = new WeakMap<OptionTable, Names>();

/** Merges several tables. Tables share an option by having the same option object under the same
 * key; any other flag, environment variable or short letter that two of them claim is a
 * programming error.
 * @throws {TypeError} when two different options claim one name */
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
  // The loop has added every entry of every table, as the intersection says.
  return Object.freeze(merged) as Merged<Tables>;
}

function ownerIn(names: Names | undefined, name: string): string | undefined {
  return names && (names.others.get(name) ?? ownerIn(names.part, name));
}

function claimedNames(key: string, option: Option<unknown>): string[] {
  if (!/^[a-z][A-Za-z0-9]*$/.test(key) || key in Object.prototype) {
    throw new TypeError(`option key "${key}" is not a plain camelCase name`);
  }
  const flag = flagName(key);
  // `--no-x` turns the flag x off.
  if (option.kind === "value" && flag.startsWith("no-")) {
    throw new TypeError(`option key "${key}" takes a value and so cannot begin with "no"`);
  }
  const names = [`--${flag}`];
  if (option.negatable) names.push(`--no-${flag}`);
  if (option.short !== undefined) names.push(`-${option.short}`);
  return names;
}
