// The number of columns that text takes on a terminal. The libraries for this disagree with each
// other and with terminals, so none is used. The position of the cursor is left to the terminal
// itself (prompt_line.ts): a wrong width here costs a column of text and never misplaces the
// cursor.

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** East Asian wide and full-width characters (Unicode UAX 11), and what is shown as an emoji. */
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u3247\u3250-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}])/u;

/** Characters that take no column of their own. */
const invisible = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/u;

/** The characters of a text as a person counts them. */
export function graphemes(text: string): string[] {
  // Nearly all text is ASCII, and the segmenter is slow.
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

export function graphemeWidth(grapheme: string): 0 | 1 | 2 {
  if (grapheme.length === 1 && grapheme >= " " && grapheme <= "~") return 1;
  if (wide.test(grapheme) || grapheme.includes("\ufe0f")) return 2;
  return invisible.test(grapheme) ? 0 : 1;
}

export function textWidth(text: string): number {
  return graphemes(text).reduce((sum, one) => sum + graphemeWidth(one), 0);
}
