// The data folder of a user, in the usual place of each operating system.

import { isAbsolute, join } from "node:path";
import { permittedVariable } from "../environment.ts";

export const DATA_FOLDER_VARIABLE = "SOCKDOCK_DATA_FOLDER";

/** The user's data folder: what `SOCKDOCK_DATA_FOLDER` says, otherwise `sockdock` in the place that
 * the system has for it (on Linux that of the XDG Base Directory Specification). Null when the
 * environment does not say, or may not be asked.
 * @param env looks up a variable; undefined when it is not set or may not be read */
export function userDataFolder(
  env: (name: string) => string | undefined = permittedVariable,
  os: typeof Deno.build.os = Deno.build.os,
): string | null {
  const given = env(DATA_FOLDER_VARIABLE);
  if (given) return given;
  if (os === "windows") return inside(env("LOCALAPPDATA"), "sockdock");
  if (os === "darwin") return inside(env("HOME"), "Library/Application Support/sockdock");
  return inside(env("XDG_DATA_HOME"), "sockdock") ?? inside(env("HOME"), ".local/share/sockdock");
}

/** A relative path counts as none (XDG): the folder would depend on where the program runs. */
function inside(folder: string | undefined, path: string): string | null {
  return folder && (isAbsolute(folder) || /^[A-Za-z]:[\\/]/.test(folder))
    ? join(folder, path)
    : null;
}
