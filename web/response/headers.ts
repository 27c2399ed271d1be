// Header fields that the user adds to responses.

import { UsageError } from "../../core/usage_error.ts";

/** Response fields that frame or describe the body. A wrong value would break the message. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["connection", "content-encoding", "content-length", "content-range", "date", "etag"],
  ...["keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "vary"],
]);

/** Parses the `Name: value` texts that the user adds to every response; a repeated name gets all
 * values.
 * @throws {UsageError} when one is no field, a reserved one, or a second cookie */
export function responseHeaders(written: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {};
  for (const text of written) {
    const match = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/s.exec(text);
    if (match === null) {
      throw new UsageError(
        `--response-header: expected a header such as "X-Robots-Tag: none", got ${
          JSON.stringify(text)
        }`,
      );
    }
    const name = (match[1] ?? "").toLowerCase();
    if (RESERVED.has(name)) {
      throw new UsageError(
        `--response-header: ${name} belongs to the server itself and cannot be set`,
      );
    }
    if (name === "set-cookie" && Object.hasOwn(fields, name)) {
      // RFC 6265 3: values of this one joined by a comma would be one broken cookie.
      throw new UsageError("--response-header: Set-Cookie can be given once");
    }
    const value = fieldValue(match[2] ?? "", "--response-header");
    fields[name] = Object.hasOwn(fields, name) ? `${fields[name]}, ${value}` : value;
  }
  return fields;
}

/** Checks the value of a header field.
 * @throws {UsageError} when a header cannot carry it */
export function fieldValue(value: string, flag: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new UsageError(
    `${flag}: expected a value of one line and of Latin characters, got ${JSON.stringify(value)}`,
  );
}
