// The words that a search compares, folded so that case, accents and width make no difference. In
// scripts that put no spaces between words, such as Japanese, any part of a run of letters is found.

interface SearchWord {
  /** Folded. A pictograph has become `u` and its number. */
  readonly text: string;
  /** Whether it is a run of a script without spaces, such as Japanese: a part of it matches too. */
  readonly spaceless: boolean;
}

/** A query of more different words is refused. */
const MAX_SEARCH_WORDS = 32;

const WORD = /[\p{L}\p{M}\p{N}\p{Co}]+|\p{Extended_Pictographic}/gv;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/v;
const SPACELESS =
  /([[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Mymr}]&&[\p{L}\p{M}\p{N}]]+)/v;

/** The words of a text, in their order. */
function searchWords(text: string): SearchWord[] {
  return (fold(text).match(WORD) ?? []).flatMap((word): SearchWord[] => {
    if (PICTOGRAPH.test(word)) {
      return [{ text: `u${word.codePointAt(0)!.toString(16)}`, spaceless: false }];
    }
    // Splitting at a group gives what lies between the matches and the matches in turn.
    return word.split(SPACELESS).map((part, at) => ({ text: part, spaceless: at % 2 === 1 }))
      .filter(({ text }) => text !== "");
  });
}

/** The different words that a query asks for.
 * @throws {RangeError} when they are too many */
export function queryWords(query: string): SearchWord[] {
  const words = [...new Map(searchWords(query).map((word) => [word.text, word])).values()];
  if (words.length > MAX_SEARCH_WORDS) {
    throw new RangeError(
      `Cannot search for ${words.length} words at once: ${MAX_SEARCH_WORDS} are the most`,
    );
  }
  return words;
}

/** Whether a text holds all the words. */
export function holdsWords(text: string, words: readonly SearchWord[]): boolean {
  const held = searchWords(text);
  return words.every((word) =>
    held.some((one) => word.spaceless ? one.text.includes(word.text) : one.text === word.text)
  );
}

/** The text that the index of SQLite is given: the words with spaces between them, and each spaceless
 * run as all pairs of neighbouring letters, and its last letter. */
export function indexedText(text: string): string {
  return searchWords(text).map((word) => word.spaceless ? pairs(word.text, true) : word.text)
    .join(" ");
}

/** The expression of FTS5 that finds the words in the column `text`. All of it is quoted, and words
 * hold no quotes, so nothing that a user writes is syntax. */
export function matchExpression(words: readonly SearchWord[]): string {
  const terms = words.map(({ text, spaceless }) => {
    if (!spaceless) return `"${text}"`;
    // A single letter begins one of the pairs, or is the last letter.
    return [...text].length === 1 ? `"${text}" *` : `"${pairs(text, false)}"`;
  });
  return `text : (${terms.join(" AND ")})`;
}

function pairs(run: string, withLast: boolean): string {
  const letters = [...run];
  const made = letters.slice(1).map((letter, at) => letters[at] + letter);
  if (withLast) made.push(letters.at(-1)!);
  return made.join(" ");
}

function fold(text: string): string {
  return text.normalize("NFKC").toLowerCase()
    .normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
    .replaceAll("ς", "σ");
}
