// Files with permissions for their owner alone, such as private keys.

import { UsageError } from "../usage_error.ts";

/** Creates a file that from the beginning only its owner can read.
 * @throws {Deno.errors.AlreadyExists} when there is one; it is left as it is */
export async function createPrivateFile(
  path: string,
  content: string | Uint8Array,
): Promise<void> {
  await createFile(path, content, 0o600);
}

/** The same for a file that every user may read. */
export async function createPublicFile(path: string, text: string): Promise<void> {
  await createFile(path, text, 0o644);
}

async function createFile(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  // A full disk may be reported only here, and a written file must survive a power failure.
  await file.sync();
}

/** Creates or replaces a file, whole or not at all.
 * @param create writes the new file, at the path that it is given */
export async function replaceFile(
  path: string,
  create: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    await create(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Refuses a secret that others than its owner can read or change. Windows keeps it in lists of its
 * own, and a folder of the user's is the user's alone there.
 * @throws {UsageError} naming the path and the remedy */
export function refuseShared(path: string, { mode }: Pick<Deno.FileInfo, "mode">): void {
  if (mode === null || Deno.build.os === "windows" || (mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(3, "0");
  throw new UsageError(
    `${path} can be read or changed by other users of this machine (mode ${octal}); if none of ` +
      `them did, make it yours alone with: chmod go= ${path}`,
  );
}

/** Refuses a list of trusted names or keys that every user can write to: anyone could add to it.
 * @throws {UsageError} naming the path and the remedy */
export function refuseWritableFile(path: string, { mode }: Pick<Deno.FileInfo, "mode">): void {
  if (mode === null || Deno.build.os === "windows" || (mode & 0o002) === 0) return;
  throw new UsageError(
    `everyone on this machine can write to ${path}; take that away with: chmod o-w ${path}`,
  );
}

/** Refuses a data folder that every user can write to: anyone could replace our authority with
 * their own.
 * @throws {UsageError} naming the folder and the remedy */
export function refuseWritableByAll(
  dataFolder: string,
  { mode }: Pick<Deno.FileInfo, "mode">,
): void {
  if (mode === null || Deno.build.os === "windows" || (mode & 0o002) === 0) return;
  throw new UsageError(
    `everyone on this machine can write to ${dataFolder}, so no authority is kept there; ` +
      `take that away with: chmod o-w ${dataFolder}`,
  );
}
