// One table's share of the options that were given for many.

import { type OptionTable, type OptionValues, resolveOptions } from "../core/options/option.ts";

/** The given options that a table has, complete and checked; the others are left out.
 * @throws {TypeError | RangeError} when a value is of the wrong type or out of bounds */
export function pick<Table extends OptionTable>(
  given: Readonly<Record<string, unknown>>,
  table: Table,
): OptionValues<Table> {
  const own = Object.entries(given).filter(([key]) => Object.hasOwn(table, key));
  // resolveOptions checks each value against its option.
  return resolveOptions(table, Object.fromEntries(own) as Partial<OptionValues<Table>>);
}
