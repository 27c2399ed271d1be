// Names, sizes and times as a page shows them. Names are whatever somebody called a file: none may
// become markup, turn the text around it, or hide what it is.

/** Invisible or with an effect on the text around it. Joiners stay: scripts and emoji need them. */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060\ufeff\ufff9-\ufffb]/gu;

const SIZE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

const numbers = new Intl.NumberFormat("en");

/** Text in an element or in an attribute between double quotes. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text)
    ? text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    : text;
}

/** A name as markup: what cannot be seen is written as a number in a frame. */
export function nameHtml(name: string): string {
  const escaped = escapeHtml(name.toWellFormed());
  // The common name takes the short way: there may be thousands.
  if (/^[\x20-\x7e]*$/.test(escaped)) return escaped;
  return escaped.replace(HIDDEN, (character) => `<code>${codePoint(character)}</code>`);
}

/** A name as text, where there can be no markup. */
export function nameText(name: string): string {
  return name.toWellFormed().replace(HIDDEN, codePoint);
}

/** The last part of a URL: one name, so that it is read as nothing else. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let amount = bytes;
  let unit = -1;
  // Not past the last, and on from what would be rounded up to 1024.
  while (amount >= 1023.5 && unit < SIZE_UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${SIZE_UNITS[unit]}`;
}

/** `1,572,864 bytes`. */
export function exactBytes(bytes: number): string {
  return `${formatNumber(bytes)} ${bytes === 1 ? "byte" : "bytes"}`;
}

/** With commas. */
export function formatNumber(number: number): string {
  return numbers.format(number);
}

/** `2026-01-31T12:34:56Z`; a time that no calendar has is its beginning. */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  const text = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
  return text.replace(/\.\d+Z$/, "Z");
}

function codePoint(character: string): string {
  const number = character.codePointAt(0) ?? 0;
  return `U+${number.toString(16).toUpperCase().padStart(4, "0")}`;
}
