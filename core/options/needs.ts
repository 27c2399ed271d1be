// Options that have an effect only beside another one, such as a limit beside what it limits.

import type { Given } from "./option_table.ts";

/** By the key of each such option the keys of those of which it needs one. */
export type Needs = Readonly<Record<string, string | readonly string[]>>;

/** The options of which one is missing beside another that was given; undefined when it is not
 * given or has what it needs. The first of them is the one to name. */
export function missingBesides(
  key: string,
  needs: Needs,
  given: Given,
): readonly [string, ...string[]] | undefined {
  if (!Object.hasOwn(needs, key) || !isGiven(given[key])) return undefined;
  const needed = [needs[key]!].flat() as [string, ...string[]];
  return needed.some((one) => isSet(given[one])) ? undefined : needed;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== false;
}

/** Whether an option does anything: none of something, as in `--retry 0`, is nothing. */
function isSet(value: unknown): boolean {
  return isGiven(value) && value !== 0 && !(Array.isArray(value) && value.length === 0);
}
