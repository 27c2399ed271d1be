// Removes the temporary files of uploads that were under way when a server was killed. An upload
// holds a lock on its file, so that one that another server is receiving is left alone.

import { pathIn } from "../../../core/files/linkless_paths.ts";
import { UPLOAD_PREFIX } from "../../../core/files/plain_name.ts";
import type { FileRoot } from "../access/root.ts";

/** The age of a leftover, since its last byte was written. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** The most files and folders that are looked at. */
const MAX_ENTRIES = 1_000_000;

/** Looks for leftovers in a root and everything below it, and removes them.
 * @returns how many were removed */
export async function removeLeftovers(
  { path, linkless }: FileRoot,
  nowMs: number,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  let seen = 0;
  const folders = [path];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const { name, isDirectory, isFile } of entriesOf(linkless.of(folder))) {
      if (signal.aborted || ++seen > MAX_ENTRIES) return removed;
      const place = pathIn(folder, name);
      if (isDirectory) folders.push(place);
      if (!isFile || !name.startsWith(UPLOAD_PREFIX)) continue;
      if (await isLeftover(place)) {
        await linkless.removeFile(place);
        removed++;
      }
    }
  }
  return removed;

  async function isLeftover(place: string): Promise<boolean> {
    try {
      const { isFile, mtime } = await linkless.lstat(place);
      if (!isFile || mtime === null || nowMs - mtime.getTime() < DAY_MS) return false;
      using file = await Deno.open(place, { read: true });
      return await linkless.isAt(place, await file.stat()) && await isUnlocked(file);
    } catch {
      // It is gone by now, or belongs to another user.
      return false;
    }
  }
}

/** Locks the temporary file of an upload, until it is closed. */
export async function lockUpload(file: Deno.FsFile): Promise<void> {
  // Not every network file system has locks; there the age alone decides.
  await file.lock(true).catch(() => {});
}

/** Deno 2.6 cannot ask for a lock without waiting for it. There the age alone decides: what sent
 * nothing for a day has long met the deadline for bodies. */
async function isUnlocked(file: Deno.FsFile): Promise<boolean> {
  return typeof file.tryLock !== "function" || await file.tryLock(true);
}

async function* entriesOf(path: string): AsyncIterable<Deno.DirEntry> {
  try {
    yield* Deno.readDir(path);
  } catch {
    // A folder that is gone by now, or may not be read, is passed by.
  }
}
