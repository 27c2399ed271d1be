// Names, sizes and times as a listing shows them. A file may have any name: none may become markup,
// change the direction of the text around it, or hide its extension.

import { isPlain, UNSEEN } from "../../../core/unseen.ts";
import { escapeHtml } from "../../page/html.ts";

const SIZE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"] as const;

const numbers = new Intl.NumberFormat("en");

/** A name as markup: a character that cannot be seen is shown as its code point in a frame. */
export function nameHtml(name: string): string {
  const escaped = escapeHtml(name.toWellFormed());
  if (isPlain(escaped)) return escaped;
  return escaped.replace(UNSEEN, (character) => `<code>${codePoint(character)}</code>`);
}

/** A name as text, for places that have no markup. */
export function nameText(name: string): string {
  return name.toWellFormed().replace(UNSEEN, codePoint);
}

/** A name as one segment of a URL. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}

/** `1.5 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let amount = bytes;
  let unit = -1;
  // 1023.5 would be rounded to 1024, so it goes on to the next unit, if there is one.
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

/** `2026-01-31T12:34:56Z`; a time that a Date cannot hold becomes the epoch. */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  const text = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
  return text.replace(/\.\d+Z$/, "Z");
}

function codePoint(character: string): string {
  const number = character.codePointAt(0) ?? 0;
  return `U+${number.toString(16).toUpperCase().padStart(4, "0")}`;
}
