// Reads and writes the files of `cert` and `key`.

import { join } from "node:path";
import { errorText } from "../../core/event.ts";
import { createPrivateFile, createPublicFile, replaceFile } from "../../core/files/private_file.ts";
import { readBounded } from "../../core/files/read_bounded.ts";
import { UsageError } from "../../core/usage_error.ts";

interface WrittenPart {
  /** Extension with a dot: `.pem`. */
  readonly extension: string;
  readonly text: string;
  /** Whether only its owner may read the file. */
  readonly isPrivate: boolean;
}

/** Writes the parts as files of one name; all of them or none.
 *
 * @returns their paths, in the same order
 * @throws {UsageError} when a file exists and may not be replaced, or cannot be written */
export async function writeParts(
  name: string,
  parts: readonly WrittenPart[],
  { folder, overwrite }: { readonly folder: string; readonly overwrite: boolean },
): Promise<string[]> {
  const paths = parts.map(({ extension }) => join(folder, `${name}${extension}`));
  const written: string[] = [];
  try {
    if (!overwrite) { for (const path of paths) await refuseExisting(path); }
    for (const [index, { text, isPrivate }] of parts.entries()) {
      const path = paths[index]!;
      const create = (path: string) =>
        isPrivate ? createPrivateFile(path, text) : createPublicFile(path, text);
      if (overwrite) await replaceFile(path, create);
      else {
        await create(path);
        written.push(path);
      }
    }
  } catch (error) {
    for (const path of written) await Deno.remove(path).catch(() => {});
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot write to ${folder}: ${errorText(error)}`);
  }
  return paths;
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new UsageError(
    `${path} is there already; replace it with --overwrite, or choose another --folder`,
  );
}

/** Reads a small file.
 *
 * @throws {UsageError} when it cannot be read or is too large for a certificate or key */
export async function readSmallFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return (await readBounded(path, 1024 * 1024)).bytes;
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError(`${path} is larger than 1 MiB, and so no certificate`);
    }
    const missing = error instanceof Deno.errors.NotFound;
    const hint = /^[^/\\]+:\d+$/.test(path) ? `; for a server write tls://${path}` : "";
    throw new UsageError(
      `cannot read ${path}: ${missing ? `there is no such file${hint}` : errorText(error)}`,
    );
  }
}
