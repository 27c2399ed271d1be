// Reads users and bearer tokens from options and from files of lines.

import { errorText } from "../../core/event.ts";
import { readBounded } from "../../core/files/read_bounded.ts";
import { type PasswordCheck, passwordCheck } from "../../core/keys/password_hash.ts";
import { UsageError } from "../../core/usage_error.ts";

const MAX_FILE_BYTES = 1024 * 1024;

/** Digest by which secrets are looked up and compared. */
export type Digest = (secret: string) => string;

/** Returns the password check of each user.
 * @throws {UsageError} when the file cannot be read or lists no users, or naming a bad line */
export async function readUsers(
  { auth, authFile, authUpload }: {
    readonly auth?: string | undefined;
    readonly authFile?: string | undefined;
    readonly authUpload?: string | undefined;
  },
  digest: Digest,
): Promise<Map<string, PasswordCheck>> {
  const users = new Map<string, PasswordCheck>();
  if (authFile !== undefined) {
    for (const { text, place } of await readLines("--auth-file", authFile)) {
      const colon = text.indexOf(":");
      if (colon < 1) throw new UsageError(`${place}: expected user:hash`);
      const user = text.slice(0, colon);
      if (users.has(user)) throw new UsageError(`${place}: ${user} is there twice`);
      try {
        users.set(user, passwordCheck(text.slice(colon + 1)));
      } catch (error) {
        throw new UsageError(`${place}: ${errorText(error)}`);
      }
    }
  }
  for (const [flag, written] of [["--auth", auth], ["--auth-upload", authUpload]] as const) {
    if (written === undefined) continue;
    const colon = written.indexOf(":");
    if (colon < 1 || colon === written.length - 1) {
      throw new UsageError(`${flag}: expected user:password`);
    }
    const user = written.slice(0, colon);
    if (flag === "--auth-upload" && users.has(user)) {
      throw new UsageError(`${flag}: ${user} is let in already, to read; give another name`);
    }
    const expected = digest(written.slice(colon + 1));
    users.set(user, (password) => Promise.resolve(digest(password) === expected));
  }
  return users;
}

/** Names of token holders, by the digest of the token.
 * @throws {UsageError} as `readUsers` does */
export async function readTokens(
  { authToken, authTokenFile }: {
    readonly authToken?: string | undefined;
    readonly authTokenFile?: string | undefined;
  },
  digest: Digest,
): Promise<Map<string, string>> {
  const tokens = new Map<string, string>();
  const add = (name: string, token: string, place: string) => {
    if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
      throw new UsageError(`${place}: a token has letters, digits and ._~+/- alone`);
    }
    tokens.set(digest(token), name);
  };
  if (authTokenFile !== undefined) {
    for (const { text, place } of await readLines("--auth-token-file", authTokenFile)) {
      const [, name = "token", token = ""] = /^(?:([^:]+):)?(.*)$/.exec(text) ?? [];
      add(name, token, place);
    }
  }
  if (authToken !== undefined) add("token", authToken, "--auth-token");
  return tokens;
}

/** The lines of a file that are neither empty nor comments, with their numbers. */
async function readLines(
  flag: string,
  path: string,
): Promise<{ readonly text: string; readonly place: string }[]> {
  let content: string;
  try {
    content = new TextDecoder().decode((await readBounded(path, MAX_FILE_BYTES)).bytes);
  } catch (error) {
    throw new UsageError(`${flag}: cannot read ${path}: ${errorText(error)}`);
  }
  const lines = content.split("\n")
    .map((line, index) => ({ text: line.trim(), place: `${flag}: ${path}:${index + 1}` }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));
  if (lines.length === 0) throw new UsageError(`${flag}: there is nobody in ${path}`);
  return lines;
}
