// Parses `user:password`, the format of an option as in curl.

import { environmentName, flagName } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** Splits `user:password`, asks for a missing password (twice for one that is made up now), and warns of one that other users of this
 * machine can read.
 *
 * @param key the key of the option
 * @param isNew whether the password is made up now, so that nothing can be compared with it */
export function readUser(
  key: string,
  written: string,
  flags: ReadonlySet<string>,
  io: Stdio,
  isNew = false,
): { readonly user: string; readonly password: string } {
  const name = flagName(key);
  const variable = environmentName(key);
  const colon = written.indexOf(":");
  if (colon >= 0) {
    if (flags.has(key)) {
      io.warn(
        "others on this machine can read a password on a command line; " +
          `give ${key === "user" ? "-u" : `--${name}`} the user alone, or set ${variable}`,
      );
    }
    return { user: written.slice(0, colon), password: written.slice(colon + 1) };
  }
  const question = `Password of ${written}: `;
  const password = isNew ? io.promptNewSecret(question) : io.promptSecret(question);
  if (password === null) {
    throw new UsageError(
      `--${name}: no terminal to ask for the password of ${written}; ` +
        `set ${variable}=user:password`,
    );
  }
  return { user: written, password };
}
