// Options as they may be shown: without passwords, tokens and keys.

import { isFileText } from "../../core/files/file_or_text.ts";
import { MASK, maskedUrl, maskedValue } from "../../core/http/secrets.ts";
import type { Given, OptionTable } from "../../core/options/option.ts";

/** The same options with secrets masked, as JSON can say them.
 * @param table says which are secrets; one that is not in it is taken for a secret */
export function maskedOptions(given: Given, table: OptionTable): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined).map(([key, value]) => {
      const option = Object.hasOwn(table, key) ? table[key] : undefined;
      return [key, option === undefined || option.secret ? MASK : masked(value, option.metavar)];
    }),
  );
}

function masked(value: unknown, metavar: string): unknown {
  if (Array.isArray(value)) return value.map((one) => masked(one, metavar));
  // JSON has no Infinity; it is what `none` means.
  if (value === Infinity) return "none";
  if (typeof value !== "string") return value;
  // A program may give the text of a file of keys in place of its path.
  if (metavar === "file" && isFileText(value)) return MASK;
  const field = metavar === "name: value" ? /^([^:]*):\s*(.*)$/s.exec(value) : null;
  if (field !== null) return `${field[1]}: ${maskedValue(field[1]!, field[2]!)}`;
  return maskedUrl(value);
}
