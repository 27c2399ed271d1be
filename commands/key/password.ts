// `key password`: prints a line with a user and a password hash, for the file of `--auth-file`.

import { hashPassword } from "../../core/keys/password_hash.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { stdinLines } from "../terminal/stdin.ts";

const MAX_PASSWORD_BYTES = 1024;

/** Asks for the password of a user twice, or reads it from a pipe, and prints the line.
 *
 * @throws {UsageError} when the file cannot hold the name, or the password is empty */
export async function makePassword(user: string, io: Stdio): Promise<void> {
  // deno-lint-ignore no-control-regex
  if (user === "" || /[:\x00-\x1f\x7f]/.test(user)) {
    throw new UsageError(`a user name holds no colon and no control characters, got "${user}"`);
  }
  // A reader of the file would take it for another name, or for a comment.
  if (user !== user.trim() || user.startsWith("#")) {
    throw new UsageError(
      `a user name begins with no # and has no space around it, got "${user}"`,
    );
  }
  const password = io.promptNewSecret(`Password of ${user}: `) ?? await firstLine(io);
  if (password === "") throw new UsageError("an empty password protects nothing");
  const hash = await hashPassword(password);
  if (io.json) io.printJson({ event: "password", user, hash });
  else io.print(`${user}:${hash}`);
}

async function firstLine(io: Stdio): Promise<string> {
  for await (const line of stdinLines(io, MAX_PASSWORD_BYTES)) {
    return new TextDecoder().decode(line);
  }
  return "";
}
