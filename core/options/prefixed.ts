// Options of another server or client than that of a command, under names that begin with a word of
// their own: `tlsCa` of the upstream is `upstreamTlsCa`.

import { flagName, type Given, type Option, type OptionTable } from "./option.ts";

/** The name of an option under a prefix. */
export function prefixedKey(prefix: string, key: string): string {
  return `${prefix}${key.charAt(0).toUpperCase()}${key.slice(1)}`;
}

/** A table with all its options under a prefix. Without short letters, because one letter cannot tell
 * whose option it is. */
export function prefixedTable(prefix: string, table: OptionTable): OptionTable {
  const flags = new Set(Object.keys(table).map(flagName));
  return Object.fromEntries(
    Object.entries(table).map(([key, { short: _short, ...option }]) => [
      prefixedKey(prefix, key),
      {
        ...option,
        // A help text refers to options of the same side, so they are renamed too.
        help: option.help.replace(
          /--([a-z][a-z0-9-]*)/g,
          (flag, name: string) => flags.has(name) ? `--${prefix}-${name}` : flag,
        ),
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
