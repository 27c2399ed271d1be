// The users and passwords of `sockdock fetch`: from options, prompts and a file.

import type { Credentials } from "../../clients/http/credentials.ts";
import { errorText } from "../../core/event.ts";
import { flag, type OptionValues, text } from "../../core/options/option.ts";
import { readBounded } from "../../core/files/read_bounded.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { readUser } from "../line/user_password.ts";

export const credentialOptions = {
  user: text({
    guard: true,
    short: "u",
    secret: true,
    metavar: "user[:password]",
    help:
      "basic authentication, or digest where the server asks for it; without a password it is " +
      "asked for",
  }),
  realm: text({
    guard: true,
    metavar: "name",
    help: "give --user only to a server that asks for this realm",
  }),
  digest: flag({
    guard: true,
    help: "never send the password of --user itself, only the proof of it",
    negatable: false,
  }),
  credentials: text({
    guard: true,
    metavar: "file",
    help: "passwords by URL: a line has a URL prefix, a user, a password and perhaps a realm, " +
      'with spaces between them; "..." holds what has spaces. Only its owner may read the file',
  }),
} as const;

const MAX_FILE_BYTES = 1024 * 1024;

/** The credentials for the origin of the request, if they were given. */
export function ownCredentials(
  { user, realm, digest }: OptionValues<typeof credentialOptions>,
  flags: ReadonlySet<string>,
  io: Stdio,
): { readonly credentials?: Omit<Credentials, "prefix"> } {
  if (user === undefined) return {};
  return {
    credentials: {
      ...readUser("user", user, flags, io),
      realm,
      ...(digest && { scheme: "digest" }),
    },
  };
}

/** Reads a file of credentials.
 * @throws {UsageError} when other users may read it, or a line is malformed */
export async function readCredentialsFile(path: string): Promise<Credentials[]> {
  let content: string;
  try {
    const { bytes, info: { mode, isFile } } = await readBounded(path, MAX_FILE_BYTES);
    if (mode !== null && isFile && (mode & 0o077) !== 0) {
      throw new UsageError(`others may read it; take that from them with: chmod 600 ${path}`);
    }
    content = new TextDecoder().decode(bytes);
  } catch (error) {
    throw new UsageError(`--credentials: cannot use ${path}: ${errorText(error)}`);
  }
  return content.split("\n").flatMap((line, index) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const fields = fieldsOf(line.trim());
    const [prefix, user, password, realm] = fields ?? [];
    if (
      prefix === undefined || user === undefined || password === undefined || fields!.length > 4
    ) {
      // The message does not quote the line, which contains a password.
      throw new UsageError(
        `--credentials: line ${index + 1} of ${path}: expected a URL prefix, a user, a password ` +
          "and perhaps a realm",
      );
    }
    return [{ prefix, user, password, realm }];
  });
}

/** Splits a line at white space; a field in double quotes is written as in JSON. */
function fieldsOf(line: string): string[] | undefined {
  const fields = line.match(/"(?:[^"\\]|\\.)*"(?=\s|$)|[^\s"]\S*/g) ?? [];
  if (fields.join("").length !== line.replace(/("(?:[^"\\]|\\.)*")|\s/g, "$1").length) {
    return undefined;
  }
  try {
    return fields.map((field) => field.startsWith('"') ? JSON.parse(field) as string : field);
  } catch {
    return undefined;
  }
}
