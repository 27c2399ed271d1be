// Moves a received file to its final name in one step: no other program ever sees an incomplete
// file, and of two files that want one name at the same time one is refused.

export type Placed = "created" | "replaced";

/** The file operations in use, so that tests can let them fail. */
export type FileOperations = Pick<typeof Deno, "link" | "lstat" | "open" | "remove" | "rename">;

/** Gives a file its name. Never follows a link of that name. The temporary name may be left behind
 * beside the new one; the caller removes it.
 *
 * @param from its temporary name, on the same disk
 * @param to the name that it is to have
 * @param overwrite whether a file of that name is replaced
 * @returns what became of the name, or "occupied" when it is taken and may not be had */
export function placeFile(
  from: string,
  to: string,
  overwrite: boolean,
  operations: FileOperations = Deno,
): Promise<Placed | "occupied"> {
  return overwrite ? replace(from, to, operations) : create(from, to, operations);
}

/** The reason that a name cannot be had. */
export function occupied(name: string, overwrite: boolean): string {
  const shown = JSON.stringify(name);
  return overwrite
    ? `${shown} is there already and is no file.`
    : `${shown} is there already, and nothing is replaced here.`;
}

async function replace(
  from: string,
  to: string,
  operations: FileOperations,
): Promise<Placed | "occupied"> {
  const before = await existing(to, operations);
  if (before !== null && !before.isFile && !before.isSymlink) return "occupied";
  try {
    await operations.rename(from, to);
  } catch (error) {
    // Another program has created a folder of that name in the meantime.
    if (error instanceof Deno.errors.IsADirectory) return "occupied";
    throw error;
  }
  return before === null ? "created" : "replaced";
}

/** Uses a hard link, the one step that fails when the name is taken: renaming would replace. */
async function create(
  from: string,
  to: string,
  operations: FileOperations,
): Promise<Placed | "occupied"> {
  try {
    await operations.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return "occupied";
    if (error instanceof Deno.errors.NotFound) throw error;
    return await createWithoutLinks(from, to, operations);
  }
  return "created";
}

/** FAT and some network file systems have no hard links: an empty file reserves the name. */
async function createWithoutLinks(
  from: string,
  to: string,
  operations: FileOperations,
): Promise<Placed | "occupied"> {
  try {
    (await operations.open(to, { write: true, createNew: true })).close();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return "occupied";
    throw error;
  }
  try {
    await operations.rename(from, to);
  } catch (error) {
    await operations.remove(to);
    throw error;
  }
  return "created";
}

async function existing(path: string, operations: FileOperations): Promise<Deno.FileInfo | null> {
  try {
    return await operations.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
