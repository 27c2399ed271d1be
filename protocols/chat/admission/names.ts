// The names of members and rooms: checks that a text may be one (in the spirit of RFC 8266). Which
// names look the same to a reader is in lookalikes.ts.

import type { Identity } from "../../../core/session.ts";
import { cleanText } from "../clean_text.ts";
import { RefusedError } from "../refused_error.ts";
import { lookalikeKey } from "./lookalikes.ts";

/** Names that a reader would take for the server or its operator. */
const RESERVED = [
  "server",
  "operator",
  "everyone",
  "system",
  "all",
  "here",
  "chat",
  "admin",
  "administrator",
  "moderator",
  "root",
  "sockdock",
] as const;

const MAX_NAME_BYTES = 64;
const MAX_VERIFIED_LENGTH = 80;

const reservedKeys: ReadonlySet<string> = new Set(RESERVED.map(lookalikeKey));

/** Whether no member may have the name. */
export function isReserved(name: string): boolean {
  return reservedKeys.has(lookalikeKey(name));
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** How many characters a reader sees. Each look with a segmenter holds memory of the system until the
 * next collection of garbage, which knows nothing of it: so few names need one. */
function shownLength(name: string): number {
  return /^[ -~]*$/.test(name) ? name.length : [...graphemes.segment(name)].length;
}

/** A name that a client asks for, in the form in which it is shown.
 * @throws {RefusedError} when it cannot be one, saying why */
export function plainName(asked: string, maxNameLength: number): string {
  const refused = (why: string) =>
    new RefusedError("name-refused", `this cannot be a name: ${why}`);
  if (asked.length > 4 * MAX_NAME_BYTES) throw refused("it is too long");
  const name = asked.trim().normalize("NFKC");
  if (name === "") throw refused("it is empty");
  if (looksLikeAddress(name)) throw refused("it looks like an address");
  if (!/^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(name)) {
    throw refused("letters, digits, - and _ make a name, and a letter or digit begins it");
  }
  if (/\p{Default_Ignorable_Code_Point}/u.test(name)) throw refused("part of it cannot be seen");
  if (/\p{M}{4}/u.test(name)) throw refused("it has too many marks on one letter");
  if (
    shownLength(name) > maxNameLength ||
    new TextEncoder().encode(name).length > MAX_NAME_BYTES
  ) {
    throw refused(`it is longer than ${maxNameLength} characters or ${MAX_NAME_BYTES} bytes`);
  }
  if (isReserved(name)) throw refused(`${name} is reserved`);
  return name;
}

/** Most addresses have characters that no name can have; the rest are long numbers and hashes. */
function looksLikeAddress(name: string): boolean {
  return /[.:@/\\[\]]/.test(name) || /^\d{5,}$/.test(name) || /^[0-9a-f]{16,}$/i.test(name);
}

/** The name of a client that proved its identity, as it is shown: one line without white space. */
export function verifiedName({ name, fingerprint }: Identity): string {
  const shown = cleanText(name.normalize("NFC")).replace(/[\p{C}\p{Z}\u200c\u200d]+/gu, "_")
    .slice(0, MAX_VERIFIED_LENGTH).toWellFormed();
  return shown === "" ? `sha256:${fingerprint.slice(0, 16)}` : shown;
}

/** The name of a room, in the one form that it has everywhere.
 * @throws {RefusedError} when it cannot be one, saying why */
export function roomName(asked: string): string {
  const name = asked.length > 4 * MAX_NAME_BYTES
    ? ""
    : asked.trim().replace(/^#/, "").normalize("NFKC").toLowerCase().normalize("NFKC");
  const fits = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(name) &&
    !/\p{Default_Ignorable_Code_Point}/u.test(name) && !/\p{M}{4}/u.test(name) &&
    [...name].length <= 32 && new TextEncoder().encode(name).length <= MAX_NAME_BYTES;
  if (fits) return name;
  throw new RefusedError(
    "room-refused",
    "this cannot be a room: up to 32 letters, digits, - and _ make the name of one",
  );
}
