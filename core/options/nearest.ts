// "Did you mean ...?": finds the known name that is nearest to a mistyped one.

import { withoutUnit } from "./quantity.ts";

/** Returns the known name nearest to the typed one, or undefined when none is near enough to
 * suggest: the same words written in another way (`idle_timeout` for `idleTimeoutMs`), one slip per
 * three letters, or the beginning of a longer name. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  const words = wordsOf(typed);
  let best: string | undefined;
  // Fewer than the length: any letter is one slip from any other.
  let bestSlips = Math.min(Math.max(1, Math.floor(typed.length / 3)), typed.length - 1) + 1;
  let longer: string | undefined;
  for (const name of known) {
    if (words !== "" && wordsOf(name) === words) return name;
    const slips = countSlips(typed, name);
    if (slips < bestSlips) [best, bestSlips] = [name, slips];
    if (typed.length >= 3 && name.startsWith(typed)) longer ??= name;
  }
  return best ?? longer;
}

/** The words of a name as one, however they are joined and without the unit of an option. */
function wordsOf(name: string): string {
  const camelCase = name.replace(
    /[^A-Za-z0-9]+([A-Za-z0-9]|$)/g,
    (_, next: string) => next.toUpperCase(),
  );
  return withoutUnit(camelCase).toLowerCase();
}

/** Edit distance in which a swap of two neighbours counts as one slip (optimal string alignment). */
function countSlips(typed: string, name: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: name.length + 1 }, (_, column) => column);
  for (let row = 1; row <= typed.length; row++) {
    const current = [row];
    for (let column = 1; column <= name.length; column++) {
      const same = typed[row - 1] === name[column - 1];
      let slips = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && typed[row - 1] === name[column - 2] &&
        typed[row - 2] === name[column - 1];
      if (swapped) slips = Math.min(slips, (beforeLast[column - 2] ?? 0) + 1);
      current.push(slips);
    }
    [beforeLast, last] = [last, current];
  }
  return last[name.length] ?? 0;
}

/** `; did you mean echo?`, or nothing: the end of a message about an unknown name. */
export function didYouMean(typed: string, known: Iterable<string>): string {
  const name = nearest(typed, known);
  return name === undefined ? "" : `; did you mean ${name}?`;
}

/** What to say of a word that is none of the known ones: which was meant, and which there are. */
export function knownAre(typed: string, known: Iterable<string>): string {
  const names = [...known];
  const name = nearest(typed, names);
  const meant = name === undefined ? "" : ` (did you mean ${name}?)`;
  return `${meant}; known are ${names.join(", ")}`;
}
