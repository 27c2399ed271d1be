// Makes text of clients harmless: without control characters, line ends, marks of direction and
// invisible characters, so that a message changes nothing on a screen but its own place.

import { byteLength } from "../../core/session.ts";
import { RefusedError } from "./refused_error.ts";

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** Characters of white space that end a line or move the cursor; a run of them becomes one space. */
const GAPS = /[\t\n\v\f\r\x85\u2028\u2029]+/g;

/** Control characters, soft hyphens, marks and overrides of direction (UAX #9), zero-width spaces,
 * byte order marks, tags, and code points that are none. The joiners U+200C and U+200D stay: scripts
 * and emoji need them. */
const UNSEEN =
  /[\p{Cc}\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff]|[\u{e0000}-\u{e0fff}]/gu;

/** The text as it may be shown anywhere; surrounding white space is gone. */
export function cleanText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text.trim();
  return text.toWellFormed().replace(GAPS, " ").replace(UNSEEN, "").trim();
}

/** The text of a message, clean.
 * @throws {RefusedError} when nothing is left of it, or more than the limit */
export function spokenText(text: string, maxTextBytes: number): string {
  const clean = cleanText(text);
  if (clean === "") throw new RefusedError("text-refused", "there is nothing to see in this text");
  if (clean.length * 3 > maxTextBytes && byteLength(clean) > maxTextBytes) {
    throw new RefusedError("too-long", `a text may be ${maxTextBytes} bytes long, no more`);
  }
  return clean;
}
