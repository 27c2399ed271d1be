// Where the commands that make certificates and keys keep them: the folder, and the names of files.

import { DATA_FOLDER_VARIABLE, userDataFolder } from "../../core/files/data_folder.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The folder that was given, or the user's.
 *
 * @throws {UsageError} when nothing says which */
export function dataFolderOr(given: string | undefined): string {
  const folder = given ?? userDataFolder();
  if (folder !== null) return folder;
  throw new UsageError(
    "nothing says where your data folder is; name one with --data-folder or in " +
      DATA_FOLDER_VARIABLE,
  );
}

/** A name that is harmless for a file, from what a certificate or a key is for. */
export function fileNameOf(subject: string): string {
  const name = subject.replace(/^\*/, "_wildcard").replace(/[^A-Za-z0-9._@-]+/g, "-")
    .replace(/^[.-]+/, "_");
  return name.slice(0, 100) || "certificate";
}
