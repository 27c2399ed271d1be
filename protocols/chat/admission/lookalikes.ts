// Which names look the same to a reader: the confusable characters of Unicode (UTS #39, 4), together
// with case, width, accents and what cannot be seen.

import unicodeConfusables from "unhomoglyph/data.json" with { type: "json" };

/** For each confusable character, the characters that it looks like. */
const CONFUSABLES: Readonly<Record<string, string>> = unicodeConfusables;

/** Small capitals. Unicode holds them apart from the letters, and readers of a name do not. */
const SMALL_CAPITALS: ReadonlyMap<string, string> = new Map(
  [..."ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkĸkʟlᴍmʍmɴnᴏoᴘpʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz".matchAll(/(.)(.)/gu)]
    .map(([, small, letter]) => [small!, letter!]),
);

/** Basic Latin characters that look alike in many fonts, in lower case. `i` is among them because its
 * capital looks like `l`. */
const LATIN_LOOKS: Readonly<Record<string, string>> = { "0": "o", "1": "l", "i": "l", "m": "rn" };

/** The key under which a name is unique in a room. Names that differ only in case, width, invisible
 * characters or characters that look alike have one key. */
export function nameKey(name: string): string {
  if (/^[a-hj-ln-z2-9_-]*$/.test(name)) return name;
  const letters = Array.from(
    name.normalize("NFKC").normalize("NFD")
      .replace(/[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu, ""),
  );
  const looks = letters.map(look);
  // The two cases of a letter may look like different Latin ones, as those of ν do. That matters in a
  // name that looks Latin as a whole; any other is told from its neighbours without its case.
  const key = looks.every(isLatin) ? looks : letters.map(lookOfAnyCase);
  return key.join("").toLowerCase().replace(/[01im]/g, (letter) => LATIN_LOOKS[letter]!)
    .normalize("NFD");
}

/** The key by which a plain name is compared with the verified and the reserved ones: a coarser one
 * than `nameKey`, without accents and punctuation. */
export function lookalikeKey(name: string): string {
  return nameKey(name).replace(/[\p{M}._-]/gu, "").replaceAll("5", "s");
}

/** What a letter looks like, whichever case it is in: a Latin letter, if one of its cases does. */
function lookOfAnyCase(letter: string): string {
  const upper = letter.toUpperCase();
  const lower = upper.toLowerCase();
  return [look(lower), look(upper)].find(isLatin) ?? look(lower);
}

function look(letter: string): string {
  const seen = Object.hasOwn(CONFUSABLES, letter) ? CONFUSABLES[letter]! : letter;
  // Unlike the table, keys map basic Latin only once they are in lower case.
  return /^[ -~]$/.test(letter) ? letter : SMALL_CAPITALS.get(seen) ?? seen;
}

/** Whether something holds basic Latin characters only, and marks. */
function isLatin(text: string): boolean {
  return /^[ -~\p{M}]*$/u.test(text);
}
