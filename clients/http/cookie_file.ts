// Cookie files in the Netscape format, which curl and Python's MozillaCookieJar read and write.

import { errorText } from "../../core/event.ts";
import { createPrivateFile, replaceFile } from "../../core/files/private_file.ts";
import { readBounded } from "../../core/files/read_bounded.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Cookie } from "./cookie_jar.ts";

const HTTP_ONLY = "#HttpOnly_";
/** Characters that no field of a line can hold; a cookie is bytes, one character each. */
// deno-lint-ignore no-control-regex
const UNFIT = /[\0-\x1f\x7f;]|[^\0-\xff]/;
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Parses cookies.
 * @param name the name of the text in messages
 * @throws {UsageError} naming the line that is no cookie */
export function parseCookies(text: string, name: string): Cookie[] {
  return text.split("\n").flatMap((raw, index) => {
    const line = raw.replace(/\r$/, "");
    const httpOnly = line.startsWith(HTTP_ONLY);
    if (line.trim() === "" || (line.startsWith("#") && !httpOnly)) return [];
    const fields = (httpOnly ? line.slice(HTTP_ONLY.length) : line).split("\t");
    const [domain = "", below = "", path = "", secure = "", expires = "", key = "", value = ""] =
      fields;
    const isCookie = (fields.length === 7 || fields.length === 6) && domain !== "" && key !== "" &&
      path.startsWith("/") && /^(?:TRUE|FALSE)$/i.test(below) && /^(?:TRUE|FALSE)$/i.test(secure) &&
      /^\d{0,13}$/.test(expires) && !UNFIT.test(key + value + path + domain);
    if (!isCookie) {
      throw new UsageError(
        `${name}: line ${index + 1} is not a cookie in the format of Netscape and curl: ` +
          "domain, TRUE or FALSE, path, TRUE or FALSE, seconds since 1970, name and value, " +
          "with a tab between them",
      );
    }
    const cookie: Cookie = {
      name: key,
      value,
      domain: domain.replace(/^\./, "").toLowerCase(),
      hostOnly: below.toUpperCase() === "FALSE",
      path,
      secure: secure.toUpperCase() === "TRUE",
      httpOnly,
      // For a session cookie curl writes 0, and Python an empty field.
      expiresMs: Number(expires) === 0 ? undefined : Number(expires) * 1000,
    };
    return [cookie];
  });
}

/** Formats cookies so that `parseCookies` reads them. One that no line can hold, such as with a tab
 * in its path, is left out: the whole file could not be read again. */
export function formatCookies(cookies: readonly Cookie[]): string {
  const bool = (value: boolean) => value ? "TRUE" : "FALSE";
  const fits = ({ name, value, domain, path }: Cookie) =>
    name !== "" && domain !== "" && path.startsWith("/") &&
    !UNFIT.test(name + value + domain + path);
  const lines = cookies.filter(fits).map(
    ({ name, value, domain, hostOnly, path, secure, httpOnly, expiresMs }) =>
      (httpOnly ? HTTP_ONLY : "") + [
        hostOnly ? domain : `.${domain}`,
        bool(!hostOnly),
        path,
        bool(secure),
        expiresMs === undefined ? 0 : Math.max(1, Math.floor(expiresMs / 1000)),
        name,
        value,
      ].join("\t"),
  );
  return `# Netscape HTTP Cookie File\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** The cookies of a file; none when there is no such file and `mayBeMissing`.
 * @throws {UsageError} when it cannot be read */
export async function readCookieFile(
  path: string,
  { flag, mayBeMissing }: { readonly flag: string; readonly mayBeMissing: boolean },
): Promise<Cookie[]> {
  let text: string;
  try {
    const { bytes } = await readBounded(path, MAX_FILE_BYTES);
    // A cookie is bytes, one character each, as in a header.
    text = new TextDecoder("latin1").decode(bytes);
  } catch (error) {
    if (mayBeMissing && error instanceof Deno.errors.NotFound) return [];
    throw new UsageError(`${flag}: cannot read ${path}: ${errorText(error)}`);
  }
  return parseCookies(text, `${flag} ${path}`);
}

/** Writes a file that its owner alone can read. It is replaced as a whole, so that no program ever
 * reads half of it.
 * @throws {Error} naming the file */
export async function writeCookieFile(path: string, cookies: readonly Cookie[]): Promise<void> {
  const bytes = Uint8Array.from(formatCookies(cookies), (one) => one.charCodeAt(0));
  try {
    await replaceFile(path, (temporary) => createPrivateFile(temporary, bytes));
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}
