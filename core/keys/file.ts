// Reads key files. A file with a secret key must be readable by its owner alone.

import { errorText } from "../event.ts";
import { isSecret, type Key, type KeyKind, parseKeys } from "./key.ts";
import { refuseShared, refuseWritableFile } from "../files/private_file.ts";
import { readBounded } from "../files/read_bounded.ts";
import { UsageError } from "../usage_error.ts";

/** More than a hundred thousand keys have. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads the keys of a file.
 *
 * @param flag what named it, which begins every message
 * @param bareKind what a line without a kind is
 * @throws {UsageError} when it cannot be read, holds no key or a wrong one, or holds a secret that
 *   others than its owner can read, or everyone can write to it */
export async function readKeyFile(
  flag: string,
  file: string,
  bareKind?: KeyKind,
): Promise<Key[]> {
  let keys: Key[];
  try {
    const { bytes, info } = await readBounded(file, MAX_FILE_BYTES);
    keys = parseKeys(new TextDecoder().decode(bytes), bareKind);
    // A pipe, as a shell's <(...) makes one, has no owner to speak of.
    if (info.isFile && keys.some(isSecret)) refuseShared(file, info);
    else if (info.isFile) refuseWritableFile(file, info);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError(`${flag}: ${file} is too large to hold keys`);
    }
    if (error instanceof UsageError) throw new UsageError(`${flag}: ${error.message}`);
    if (error instanceof SyntaxError) throw new UsageError(`${flag}: ${file}: ${error.message}`);
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : errorText(error);
    throw new UsageError(`${flag}: cannot read ${file}: ${why}`);
  }
  if (keys.length === 0) {
    throw new UsageError(`${flag}: ${file} holds no key; make one with: sockdock key make`);
  }
  return keys;
}
