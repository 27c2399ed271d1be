// The files of authorities that `--tls-ca` names, and the word that stands for the local one.

import { dirname } from "node:path";
import { authorityCertFile, DATA_FOLDER_VARIABLE, userDataFolder } from "../files/data_folder.ts";
import { refuseShared, refuseWritableByAll } from "../files/private_file.ts";
import { UsageError } from "../usage_error.ts";

/** The word that stands for the local authority; a file of that name is `./local`. */
const LOCAL = "local";

/** The file behind a value of `--tls-ca`.
 *
 * @param dataFolder where the local authority is kept
 * @throws {UsageError} when the local authority is meant and there is none, or it may be somebody
 *   else's */
export function authorityFile(named: string, dataFolder = userDataFolder()): string {
  if (named !== LOCAL) return named;
  if (dataFolder === null) {
    throw new UsageError(
      `--tls-ca ${LOCAL}: nothing says where the local authority is kept; ` +
        `set ${DATA_FOLDER_VARIABLE} to its folder`,
    );
  }
  const file = authorityCertFile(dataFolder);
  try {
    refuseWritableByAll(dataFolder, Deno.statSync(dataFolder));
    refuseShared(dirname(file), Deno.statSync(dirname(file)));
    Deno.statSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--tls-ca ${LOCAL}: there is no local authority in ${dataFolder}; ` +
        "make one with: sockdock cert authority",
    );
  }
  return file;
}
