// Parses `user:password`, the format of an option as in curl.

import { environmentName, flagName } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** Splits `user:password`, asks for a missing password, and warns of one that other users of this
 * machine can read.
 *
 * @param key the key of the option */
export function readUser(
  key: string,
  written: string,
  flags: ReadonlySet<string>,
  io: Stdio,
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
  const password = io.promptSecret(`Password of ${written}: `);
  if (password === null) {
    throw new UsageError(
      `--${name}: no terminal to ask for the password of ${written}; ` +
        `set ${variable}=user:password`,
    );
  }
  return { user: written, password };
}
