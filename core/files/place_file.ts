// Moves a received file to its final name in one step: no other program ever sees an incomplete
// file, and of two files that want one name at the same time one is refused.

import type { LinklessPaths } from "./linkless_paths.ts";

export type Placed = "created" | "replaced";

/** The file operations in use, so that tests can let them fail. */
export type FileOperations = Pick<
  typeof Deno,
  "link" | "lstat" | "makeTempFile" | "open" | "remove" | "rename"
>;

/** How a file gets its name. */
interface Placing {
  /** Its temporary path, on the same disk. */
  readonly from: string;
  /** The path that it is to have. */
  readonly to: string;
  /** Whether a file of that name is replaced. */
  readonly overwrite: boolean;
  readonly linkless: LinklessPaths;
  /** @default Deno's own */
  readonly operations?: FileOperations;
}

/** Gives a file its name, by paths without links. Never follows a link of that name. The temporary
 * name may be left behind beside the new one; the caller removes it.
 *
 * @returns what became of the name, or "occupied" when it is taken and may not be had
 * @throws {Deno.errors.FilesystemLoop} when a link has taken the place of a folder */
export function placeFile(placing: Placing): Promise<Placed | "occupied"> {
  const { from, to, overwrite, linkless, operations = Deno } = placing;
  const [source, target] = [linkless.of(from), linkless.of(to)];
  return overwrite
    ? replace(source, target, operations)
    : create(source, target, operations, () => reserve(to, linkless, operations));
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
  reserve: () => Promise<boolean>,
): Promise<Placed | "occupied"> {
  try {
    await operations.link(from, to);
    return "created";
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return "occupied";
    if (error instanceof Deno.errors.NotFound) throw error;
    if (error instanceof Deno.errors.FilesystemLoop) throw error;
  }
  // FAT and some network file systems have no hard links.
  if (!await reserve()) return "occupied";
  try {
    await operations.rename(from, to);
  } catch (error) {
    await operations.remove(to);
    throw error;
  }
  return "created";
}

/** Reserves a name by an empty file; false when it is taken. */
async function reserve(
  path: string,
  linkless: LinklessPaths,
  { open, lstat, remove }: FileOperations,
): Promise<boolean> {
  let info: Deno.FileInfo;
  try {
    using file = await open(path, { write: true, createNew: true });
    info = await file.stat();
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  if (await linkless.isAt(path, info).catch(() => false)) return true;
  // A link has led the file elsewhere; no other file than ours is removed there.
  const there = await lstat(path);
  if (there.dev === info.dev && there.ino === info.ino) await remove(path);
  throw new Deno.errors.NotFound(`${path} is gone`);
}

async function existing(path: string, operations: FileOperations): Promise<Deno.FileInfo | null> {
  try {
    return await operations.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
