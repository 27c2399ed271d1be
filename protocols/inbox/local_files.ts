// Lists the local files to send to an inbox: files, and folders with all that is in them.

import { errorText } from "../../core/event.ts";
import { LinklessPaths, pathIn } from "../../core/files/linkless_paths.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The most files that are sent at once. */
const MAX_FILES = 1_000_000;

/** A file or an empty folder to send. */
export interface LocalFile {
  /** Folders are sent for their names alone, so that empty ones arrive too. */
  readonly kind: "file" | "folder";
  /** Its path on this machine. */
  readonly path: string;
  /** The path that it is to have below the inbox, with slashes. */
  readonly name: string;
  /** Its size; 0 for a folder. */
  readonly bytes: number;
  /** Whether the path was found without links in it. Then the file is not sent when a link has taken
   * the place of a folder meanwhile, which would lead to another file. @default false */
  readonly isReal?: boolean;
}

interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

interface LocalFiles {
  readonly files: readonly LocalFile[];
  /** Entries of folders that are no files; links are not followed. */
  readonly skipped: readonly SkippedFile[];
  /** Entries of folders that cannot be read. */
  readonly unreadable: readonly SkippedFile[];
  readonly bytes: number;
}

/** Lists files, and folders with all that is in them, in the order of their names. A link that is
 * named itself is followed; those within folders are skipped.
 * @throws {UsageError} when a path is not there, or two would get one name */
export async function listLocalFiles(paths: readonly string[]): Promise<LocalFiles> {
  const files: LocalFile[] = [];
  const skipped: SkippedFile[] = [];
  const unreadable: SkippedFile[] = [];
  const owners = new Map<string, string>();
  const linkless = LinklessPaths.open();
  let bytes = 0;

  function add(file: Omit<LocalFile, "isReal">): void {
    if (files.length >= MAX_FILES) {
      throw new UsageError(`more than ${MAX_FILES} files; copy them in parts`);
    }
    files.push({ ...file, isReal: true });
    bytes += file.bytes;
  }

  async function addFolder(folder: string, folderName: string): Promise<void> {
    let isEmpty = true;
    const entries = await Array.fromAsync(Deno.readDir(linkless.of(folder)));
    for (const entry of entries.sort((one, other) => one.name < other.name ? -1 : 1)) {
      const path = pathIn(folder, entry.name);
      const name = `${folderName}/${entry.name}`;
      if (entry.isSymlink) {
        skipped.push({ path, reason: "it is a link" });
        continue;
      }
      if (!entry.isDirectory && !entry.isFile) {
        skipped.push({ path, reason: "it is neither a file nor a folder" });
        continue;
      }
      isEmpty = false;
      try {
        if (entry.isDirectory) await addFolder(path, name);
        else add({ kind: "file", path, name, bytes: (await linkless.lstat(path)).size });
      } catch (error) {
        if (error instanceof UsageError) throw error;
        // A name that is no UTF-8 comes with replacement characters, and is not found under them.
        const isMisread = error instanceof Deno.errors.NotFound && entry.name.includes("\ufffd");
        const reason = isMisread ? "its name is not in UTF-8; rename it" : errorText(error);
        unreadable.push({ path, reason });
      }
    }
    if (isEmpty) add({ kind: "folder", path: folder, name: folderName, bytes: 0 });
  }

  for (const path of paths) {
    const { real, info } = await lookUp(path);
    const name = nameOf(path, real);
    const owner = owners.get(name);
    if (owner !== undefined) {
      throw new UsageError(`"${owner}" and "${path}" would both be called ${name}; copy one first`);
    }
    owners.set(name, path);
    if (info.isDirectory) await addFolder(real, name).catch((error) => refuse(path, error));
    else if (info.isFile) add({ kind: "file", path: real, name, bytes: info.size });
    else throw new UsageError(`"${path}" is neither a file nor a folder`);
  }
  return { files, skipped, unreadable, bytes };
}

async function lookUp(path: string): Promise<{ real: string; info: Deno.FileInfo }> {
  try {
    const real = await Deno.realPath(path);
    return { real, info: await Deno.stat(real) };
  } catch (error) {
    return refuse(path, error);
  }
}

function refuse(path: string, error: unknown): never {
  if (error instanceof UsageError) throw error;
  const why = error instanceof Deno.errors.NotFound ? "it is not there" : errorText(error);
  throw new UsageError(`Cannot copy "${path}": ${why}`);
}

/** The last name of a path; that of `.` and its like is the folder's own. */
function nameOf(path: string, real: string): string {
  const last = path.split(/[/\\]+/).filter((part) => part !== "").at(-1) ?? "";
  const own = /^\.{0,2}$/.test(last) ? real.split(/[/\\]/).at(-1) ?? "" : last;
  if (own === "") {
    throw new UsageError(`"${path}" has no name to copy it under; name what is in it`);
  }
  return own;
}
