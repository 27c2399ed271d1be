// The conditions of an upload (RFC 9110 13): If-Match and If-Unmodified-Since keep it from
// replacing what another client has stored meanwhile, If-None-Match from replacing anything.

import { parseHttpDate } from "../request/http_date.ts";

/** The file that is stored already, as conditions see it. */
export interface CurrentFile {
  /** Its ETag, with its quotes. */
  readonly entityTag: string;
  readonly modifiedMs: number;
}

/** Whether a request has conditions. */
export function hasConditions(headers: Headers): boolean {
  return headers.has("if-match") || headers.has("if-none-match") ||
    headers.has("if-unmodified-since");
}

/** Whether the stored file, or its absence (null), fails a condition of the request. */
export function conditionFails(headers: Headers, current: CurrentFile | null): boolean {
  const match = headers.get("if-match");
  const since = headers.get("if-unmodified-since");
  if (match !== null) {
    if (current === null) return true;
    // Strong comparison: a weak tag never matches.
    if (match.trim() !== "*" && !tagsIn(match).includes(current.entityTag)) return true;
  } else if (since !== null) {
    const seconds = parseHttpDate(since, Date.now());
    // The dates of HTTP have whole seconds.
    const modified = current === null ? Infinity : Math.floor(current.modifiedMs / 1000);
    if (seconds !== null && modified > seconds) return true;
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch === null || current === null) return false;
  return noneMatch.trim() === "*" ||
    tagsIn(noneMatch).some((tag) => opaque(tag) === opaque(current.entityTag));
}

/** The tags in a list. One of a content coding stands for the file, which is stored without any. */
function tagsIn(list: string): readonly string[] {
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.map((tag) => tag.replace(/\.(?:br|gzip)"$/, '"'));
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}
