// Options of another server or client than that of a command, under names that begin with a word of
// their own: `tlsCa` of the upstream is `upstreamTlsCa`.

import { flagName, type Given, type Option } from "./option.ts";
import { environmentName, type OptionTable } from "./option_table.ts";
import type { Topic } from "./topic.ts";

/** The name of an option under a prefix. */
export function prefixedKey(prefix: string, key: string): string {
  return `${prefix}${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

/** The options of a table that have these names. */
export function pickedTable(table: OptionTable, keys: readonly string[]): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([key]) => keys.includes(key)));
}

/** A table with all its options under a prefix, which is their topic too. Without short letters,
 * because one letter cannot tell whose option it is. */
export function prefixedTable(prefix: Topic, table: OptionTable): OptionTable {
  const keys = Object.keys(table);
  const flags = new Set(keys.map(flagName));
  const variables = new Map(
    keys.map((key) => [environmentName(key), environmentName(prefixedKey(prefix, key))]),
  );
  // A help text refers to options of the same side, by flag or variable, so they are renamed too.
  const renamed = (help: string) =>
    help.replace(
      /--([a-z][a-z0-9-]*)/g,
      (flag, name: string) => flags.has(name) ? `--${prefix}-${name}` : flag,
    ).replace(/SOCKDOCK_[A-Z][A-Z0-9_]*/g, (variable) => variables.get(variable) ?? variable);
  return Object.fromEntries(
    Object.entries(table).map(([key, { short: _short, ...option }]) => [
      prefixedKey(prefix, key),
      {
        ...option,
        topic: prefix,
        help: renamed(option.help),
      } satisfies Option<unknown>,
    ]),
  );
}

/** The options of a table among those given under a prefix, by their own names. */
export function unprefixed(prefix: string, table: OptionTable, given: Given): Given {
  return Object.fromEntries(
    Object.keys(table).filter((key) => given[prefixedKey(prefix, key)] !== undefined)
      .map((key) => [key, given[prefixedKey(prefix, key)]]),
  );
}
