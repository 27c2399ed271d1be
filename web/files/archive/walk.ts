// Walks a folder and yields everything below it as members of an archive.

import type { ArchiveContent, ArchiveMember } from "./member.ts";
import type { FolderEntry, Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

export interface WalkLimits {
  readonly maxEntries: number;
  readonly maxDepth: number;
}

/** Thrown when a folder holds more than an archive may. */
export class ArchiveLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ArchiveLimitError";
  }
}

/** The folder itself under the name given, then all below it. A link is followed when it stays
 * inside the root, but never back into a folder that leads to it.
 *
 * @throws {ArchiveLimitError} on reaching what is too many or too deep
 * @throws {Deno.errors.PermissionDenied} when the folder itself may not be read; others are
 * empty */
export async function* walkFolder(
  folder: Located,
  name: string,
  root: FileRoot,
  { maxEntries, maxDepth }: WalkLimits,
): AsyncGenerator<ArchiveMember, void> {
  let count = 0;
  /** The folders above the current one, by which a link back to one of them is noticed. */
  const above = new Set<string>();

  async function* walk(folder: Located, path: string): AsyncGenerator<ArchiveMember, void> {
    if (above.size >= maxDepth) {
      throw new ArchiveLimitError(`Folders lie more than ${maxDepth} deep in this one`);
    }
    yield {
      kind: "folder",
      path,
      modifiedMs: folder.modifiedMs,
      open: () => Promise.resolve(null),
    };
    above.add(folder.path);
    const entries = above.size === 1 ? root.entries(folder) : readableEntries(folder, root);
    for await (const entry of entries) {
      if (++count > maxEntries) {
        throw new ArchiveLimitError(`This folder holds more than ${maxEntries} files and folders`);
      }
      const located = locatedIn(folder, entry);
      const inside = `${path}/${archiveName(entry.name)}`;
      if (entry.kind === "file") yield fileMember(located, inside, root);
      else if (!above.has(entry.path)) yield* walk(located, inside);
    }
    above.delete(folder.path);
  }

  yield* walk(folder, archiveName(name));
}

/** A name that stays one name wherever it is unpacked. Windows would read a backslash as a slash,
 * and a letter with a colon as a drive; control characters change how a terminal lists the
 * archive. */
export function archiveName(name: string): string {
  if (/^\.{0,2}$/.test(name)) return "_";
  // deno-lint-ignore no-control-regex
  return name.replace(/[/\\\x00-\x1f\x7f-\x9f]|(?<=^[A-Za-z]):/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** The entries of a folder; none when it may not be read or is gone by now. */
async function* readableEntries(
  folder: Located,
  root: FileRoot,
): AsyncGenerator<FolderEntry, void> {
  try {
    yield* root.entries(folder);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return;
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
}

function locatedIn(folder: Located, entry: FolderEntry): Located {
  const { kind, path, bytes, modifiedMs, changedMs, device, inode } = entry;
  const urlPath = `${folder.urlPath}${entry.name}${kind === "folder" ? "/" : ""}`;
  return { kind, path, urlPath, bytes, modifiedMs, changedMs, device, inode };
}

function fileMember(file: Located, path: string, root: FileRoot): ArchiveMember {
  return {
    kind: "file",
    path,
    modifiedMs: file.modifiedMs,
    async open(): Promise<ArchiveContent | null> {
      let opened;
      try {
        opened = await root.openFile(file);
      } catch (error) {
        // A file that the server may not read is left out.
        if (error instanceof Deno.errors.PermissionDenied) return null;
        throw error;
      }
      if (opened === null) return null;
      const { file: source, info } = opened;
      return {
        bytes: info.size,
        executable: ((info.mode ?? 0) & 0o100) !== 0,
        read: (into) => source.read(into),
        [Symbol.dispose]: () => source.close(),
      };
    },
  };
}
