// The files of authorities that `--tls-ca` names, and the word that stands for the local one.

import { authorityCertFile, DATA_FOLDER_VARIABLE, userDataFolder } from "./data_folder.ts";
import { UsageError } from "./usage_error.ts";

/** The word that stands for the local authority; a file of that name is `./local`. */
const LOCAL = "local";

/** The file behind a value of `--tls-ca`.
 * @throws {UsageError} when the local authority is meant and there is none */
export function authorityFile(named: string): string {
  if (named !== LOCAL) return named;
  const dataFolder = userDataFolder();
  if (dataFolder === null) {
    throw new UsageError(
      `--tls-ca ${LOCAL}: nothing says where the local authority is kept; ` +
        `set ${DATA_FOLDER_VARIABLE} to its folder`,
    );
  }
  const file = authorityCertFile(dataFolder);
  try {
    Deno.statSync(file);
  } catch {
    throw new UsageError(
      `--tls-ca ${LOCAL}: there is no local authority in ${dataFolder}; ` +
        "make one with: sockdock cert authority",
    );
  }
  return file;
}
