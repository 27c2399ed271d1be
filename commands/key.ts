// `sockdock key`: what other commands need as a secret, made and shown.

import { hashPassword } from "../core/password_hash.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { consoleOptions } from "./common_options.ts";
import { exitCodes } from "./exit_code.ts";
import type { Console } from "./console.ts";
import { stdinLines } from "./stdin.ts";

const KINDS = ["password"] as const;

export const key = defineCommand({
  name: "key",
  summary: "makes the line of a user for --auth-file",
  usage: "password <user>",
  details: `The password is asked for, or read from stdin in a pipe. What is printed is a line for
the file of --auth-file: the user and a salted hash (PBKDF2, SHA-256, 600,000 rounds), from which
nobody can read the password.`,
  options: consoleOptions,
  examples: [
    { run: "sockdock key password alice >> users", does: "adds a user to a file" },
  ],
  minArguments: 2,
  maxArguments: 2,
  complete: (before) => before.length === 0 ? KINDS : [],
  async run({ arguments: [kind, user = ""], console }) {
    if (kind !== "password") {
      throw new UsageError(`unknown kind of key "${kind}"; known is ${KINDS.join(", ")}`);
    }
    // deno-lint-ignore no-control-regex
    if (user === "" || /[:\x00-\x1f\x7f]/.test(user)) {
      throw new UsageError(`a user name holds no colon and no control characters, got "${user}"`);
    }
    // The file's reader would take it for another name, or for a comment.
    if (user !== user.trim() || user.startsWith("#")) {
      throw new UsageError(
        `a user name begins with no # and has no space around it, got "${user}"`,
      );
    }
    const password = console.promptSecret(`Password of ${user}: `) ?? await firstLine(console);
    if (password === "") throw new UsageError("an empty password protects nothing");
    const hash = await hashPassword(password);
    if (console.json) console.printJson({ event: "password", user, hash });
    else console.print(`${user}:${hash}`);
    return exitCodes.ok;
  },
});

const MAX_PASSWORD_BYTES = 1024;

/** What a pipe says, up to its first newline. */
async function firstLine(console: Console): Promise<string> {
  for await (const line of stdinLines(console, MAX_PASSWORD_BYTES)) {
    return new TextDecoder().decode(line);
  }
  return "";
}
