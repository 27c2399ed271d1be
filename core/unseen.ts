// Characters that a text shows nothing of, and that change what is seen around them.

/** Control characters; separators of lines and paragraphs, which some terminals and viewers obey;
 * marks that turn text around (UAX 9), so that a line reads as something else (UTR 36, 2.4); and all
 * else that is invisible, behind which one name looks like another. Joiners and variation selectors
 * are not among them, because scripts and emoji need them. */
export const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\ufff9-\ufffb]|(?![\u034f\u200c\u200d\p{VS}])\p{DI}/gu;

/** Whether a text has visible characters of ASCII alone, as most have. Asked first, it spares the
 * engine the tables of Unicode, which take it 2 ms and 2 MiB to load. */
export function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
