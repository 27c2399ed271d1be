// The conditions of a request (RFC 9110 13): whether a GET or HEAD gets the file, 304 or 412, and
// whether an upload may store its file.

import { parseHttpDate } from "./http_date.ts";

/** The validators of one state of a file. */
export interface Validators {
  /** A strong entity tag, in its quotes. */
  readonly etag: string;
  /** Seconds since the epoch. */
  readonly modified: number;
}

export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifUnmodifiedSince: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
}

/** Looks up a header field by its name in lower case; null when a request has none. */
export type FieldLookup = (name: string) => string | null;

/** The conditions in a request's headers, or null when it has none. */
export function conditionsOf(field: FieldLookup): Conditions | null {
  const ifMatch = field("if-match");
  const ifUnmodifiedSince = field("if-unmodified-since");
  const ifNoneMatch = field("if-none-match");
  const ifModifiedSince = field("if-modified-since");
  return ifMatch === null && ifUnmodifiedSince === null && ifNoneMatch === null &&
      ifModifiedSince === null
    ? null
    : { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince };
}

/** The answer to a GET or HEAD with these conditions: the file, 304 Not Modified or 412
 * Precondition Failed, in the order of RFC 9110 13.2.2. */
export function evaluate(
  conditions: Conditions,
  { etag, modified }: Validators,
  nowMs: number,
): 200 | 304 | 412 {
  const { ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince } = conditions;
  if (ifMatch !== null) {
    if (!matches(ifMatch, etag, false)) return 412;
  } else if (ifUnmodifiedSince !== null) {
    const since = parseHttpDate(ifUnmodifiedSince, nowMs);
    if (since !== null && modified > since) return 412;
  }
  if (ifNoneMatch !== null) return matches(ifNoneMatch, etag, true) ? 304 : 200;
  if (ifModifiedSince !== null) {
    const since = parseHttpDate(ifModifiedSince, nowMs);
    if (since !== null && modified <= since) return 304;
  }
  return 200;
}

/** Whether an upload with these conditions may replace a file in this state, or create it where
 * there is none (null). If-Match and If-Unmodified-Since keep it from replacing what another client
 * has stored meanwhile, If-None-Match from replacing anything; If-Modified-Since does not apply. */
export function allowsUpload(
  { ifMatch, ifUnmodifiedSince, ifNoneMatch }: Conditions,
  current: Validators | null,
  nowMs: number,
): boolean {
  if (current === null) {
    return ifMatch === null &&
      (ifUnmodifiedSince === null || parseHttpDate(ifUnmodifiedSince, nowMs) === null);
  }
  const conditions: Conditions = {
    ifMatch: withoutCodings(ifMatch),
    ifUnmodifiedSince,
    ifNoneMatch: withoutCodings(ifNoneMatch),
    ifModifiedSince: null,
  };
  return evaluate(conditions, current, nowMs) === 200;
}

/** A tag of a content coding stands for the file, which is stored without any. */
function withoutCodings(list: string | null): string | null {
  return list?.replace(/\.(?:br|gzip)"/g, '"') ?? null;
}

/** Whether a range may be cut from this state of the file: the request has no If-Range, or one that
 * names this state (RFC 9110 13.1.5). A date has to be exactly the Last-Modified that was sent. */
export function rangeApplies(
  ifRange: string | null,
  { etag, modified }: Validators,
  nowMs: number,
): boolean {
  if (ifRange === null) return true;
  const value = ifRange.trim();
  // A weak tag never matches, because this server sends strong ones only.
  if (value.startsWith('"') || value.startsWith("W/")) return value === etag;
  return parseHttpDate(value, nowMs) === modified;
}

/** Whether a list of entity tags contains this one; `*` contains every tag. A weak comparison
 * ignores the `W/` that proxies put before a tag. */
function matches(list: string, etag: string, weakly: boolean): boolean {
  if (list.trim() === "*") return true;
  // Between its quotes a tag may contain commas; without quotes it is no tag.
  for (const [tag] of list.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if ((weakly && tag.startsWith("W/") ? tag.slice(2) : tag) === etag) return true;
  }
  return false;
}
