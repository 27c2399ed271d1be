// Characters that a text shows nothing of, and that change what is seen around them.

/** Control characters; separators of lines and paragraphs, which some terminals and viewers obey;
 * marks that turn text around (UAX 9), so that a line reads as something else (UTR 36, 2.4); and all
 * else that is invisible, behind which one name looks like another. Joiners and variation selectors
 * are not among them, because scripts and emoji need them. */
export const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\ufff9-\ufffb]|(?![\u034f\u200c\u200d\p{VS}])\p{DI}/gu;
