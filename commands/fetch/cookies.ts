// The cookies of `sockdock fetch`: from the command line and from files, and kept in a file.

import { readCookieFile } from "../../clients/http/cookie_file.ts";
import type { Cookie } from "../../clients/http/cookie_jar.ts";
import { type OptionValues, text } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";

export const cookieOptions = {
  cookie: text.many({
    short: "b",
    metavar: "name=value|file",
    separator: "\n",
    help: "send these cookies to the origin of the URL, or those of a file as curl writes it " +
      "where they belong",
  }),
  cookieJar: text({
    short: "c",
    metavar: "file",
    help: "read cookies from this file, if it is there, and keep all that were set in it",
  }),
} as const;

/** The cookies that the options give, and the jar that they name. */
interface GivenCookies {
  /** A Cookie field for the origin of the URL. */
  readonly headers: readonly (readonly [string, string])[];
  readonly cookies: readonly Cookie[];
}

/** Reads the options and their files.
 * @throws {UsageError} when one cannot be read */
export async function readCookies(
  { cookie, cookieJar }: OptionValues<typeof cookieOptions>,
): Promise<GivenCookies> {
  const pairs = cookie.filter((one) => one.includes("="));
  for (const pair of pairs) {
    // deno-lint-ignore no-control-regex
    if (/[\0-\x1f\x7f]|[^\0-\xff]/.test(pair)) {
      throw new UsageError(`--cookie: a cookie cannot have the value ${JSON.stringify(pair)}`);
    }
  }
  const files = cookie.filter((one) => !one.includes("="));
  const read = await Promise.all([
    ...files.map((file) => readCookieFile(file, { flag: "--cookie", mayBeMissing: false })),
    ...(cookieJar === undefined
      ? []
      : [readCookieFile(cookieJar, { flag: "--cookie-jar", mayBeMissing: true })]),
  ]);
  return {
    headers: pairs.length === 0 ? [] : [["Cookie", pairs.join("; ")]],
    cookies: read.flat(),
  };
}
