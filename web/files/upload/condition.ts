// Uploads that depend on what is there already (RFC 9110 13): If-Match and If-Unmodified-Since
// protect what somebody else has stored meanwhile, If-None-Match what is there at all.

import { parseHttpDate } from "../request/http_date.ts";

/** What is there, as far as conditions look at it. */
export interface CurrentFile {
  /** Its ETag, with its quotes. */
  readonly entityTag: string;
  readonly modifiedMs: number;
}

/** Whether a request depends on what is there. */
export function hasConditions(headers: Headers): boolean {
  return headers.has("if-match") || headers.has("if-none-match") ||
    headers.has("if-unmodified-since");
}

/** Whether a condition of the request is not met by what is there now, null being nothing. */
export function conditionFails(headers: Headers, current: CurrentFile | null): boolean {
  const match = headers.get("if-match");
  const since = headers.get("if-unmodified-since");
  if (match !== null) {
    if (current === null) return true;
    // Strong comparison: a weak tag never matches.
    if (match.trim() !== "*" && !tagsIn(match).includes(current.entityTag)) return true;
  } else if (since !== null) {
    const seconds = parseHttpDate(since, Date.now());
    // A date has whole seconds.
    const modified = current === null ? Infinity : Math.floor(current.modifiedMs / 1000);
    if (seconds !== null && modified > seconds) return true;
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch === null || current === null) return false;
  return noneMatch.trim() === "*" ||
    tagsIn(noneMatch).some((tag) => opaque(tag) === opaque(current.entityTag));
}

/** A tag of the same file in a coding stands for the file: what is stored has none. */
function tagsIn(list: string): readonly string[] {
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.map((tag) => tag.replace(/\.(?:br|gzip)"$/, '"'));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}
