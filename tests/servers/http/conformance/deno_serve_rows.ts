/** In what `--listener deno`, which is Deno.serve as it is, differs from the table of `rows.ts`, as
 * measured on Deno 2.9.6. Everything else is the same. */

import type { Row } from "./rows.ts";

/** How it differs: it is more lenient, it refuses in another way, or it keeps the client waiting for
 * longer than anybody wants to test. */
type Difference = "lenient" | "other refusal" | "waits";

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  // Lines that end with LF alone are lines to it.
  "a bare LF before the request": "lenient",
  "a bare LF after the request line": "lenient",
  "a bare LF after a field": "lenient",
  "a bare LF at the end of the head": "lenient",
  "LF alone everywhere": "lenient",
  "a bare LF in a value": "lenient",
  "the same length twice": "lenient",
  "an absolute form without Host": "lenient",
  "CONNECT, behind which everything would be a tunnel": "lenient",
  'Transfer-Encoding: "gzip, chunked"': "lenient",
  'a size of " 5"': "lenient",
  'a size of "5 "': "lenient",
  "extensions of 300 kB beside 300 bytes": "lenient",
  "5,000 trailers": "lenient",
  "HTTP/1.0 gets no 100": "lenient",
  "no 100 before a body that is not read": "lenient",
  // It knows one status for all that it cannot read.
  "HTTP/2.0 without its preface": "other refusal",
  "HTTP/3.0": "other refusal",
  "a higher minor version": "other refusal",
  "a target of 100 kB": "other refusal",
  "a field of 100 kB": "other refusal",
  "100 kB of fields": "other refusal",
  "5,000 fields": "other refusal",
  "HTTP/1.0 without Host": "other refusal",
  "an offer of HTTP/2 beside a body": "other refusal",
  "a size of 16 digits": "waits",
  "trailers of 100 kB": "waits",
  "413 instead of 100 when the body is too large": "waits",
  "a body that is much too large, and never sent": "waits",
  "a body that nobody reads and that never ends closes": "waits",
  // It announces no length of nothing, so that a client waits for the end of the connection.
  "205": "waits",
};

/** The difference of a row; undefined where there is none. */
export function differenceOf({ section, name, closes }: Row): Difference | undefined {
  const known = DIFFERENCES[name];
  if (known !== undefined) return known;
  // A malformed chunk closes the connection without an answer.
  const isBrokenBody = section.startsWith("9112 7.1") && closes === true;
  return isBrokenBody && !ANSWERED.has(name) ? "other refusal" : undefined;
}

/** Those that are answered as they should be. */
const ANSWERED: ReadonlySet<string> = new Set([
  "a size of 10,000 zeros",
  "an extension of 100 kB",
]);
