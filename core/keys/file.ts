// Reads key files. A file with a secret key must be readable by its owner alone.

import { errorText } from "../event.ts";
import { isSecret, type Key, type KeyKind, parseKeys } from "./key.ts";
import { isFileText, shownFile } from "../files/file_or_text.ts";
import { refuseShared, refuseWritableFile } from "../files/private_file.ts";
import { readBounded } from "../files/read_bounded.ts";
import { UsageError } from "../usage_error.ts";

/** Size of a file with more than a hundred thousand keys. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads the keys of a file, or of the text given in its place.
 * @param flag the option that was given, which begins every message
 * @param given the path of the file, or its text
 * @param bareKind the kind of a line that names none
 * @throws {UsageError} when the file cannot be read, has no key or an invalid one, has a secret
 * that other users can read, or can be written by every user */
export async function readKeyFile(
  flag: string,
  given: string,
  bareKind?: KeyKind,
): Promise<Key[]> {
  const file = shownFile(given);
  let keys: Key[];
  try {
    keys = isFileText(given) ? parseKeys(given, bareKind) : await readKeys(file, bareKind);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError(`${flag}: ${file} is too large to hold keys`);
    }
    if (error instanceof UsageError) throw new UsageError(`${flag}: ${error.message}`);
    if (error instanceof SyntaxError) throw new UsageError(`${flag}: ${file}: ${error.message}`);
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : errorText(error);
    if (isKey(given, bareKind)) {
      throw new UsageError(
        `${flag}: cannot read the file given, whose path is not shown because it could be a key: ` +
          `${why}; a key that is given as text ends with a line break`,
      );
    }
    throw new UsageError(`${flag}: cannot read ${file}: ${why}`);
  }
  if (keys.length === 0) {
    throw new UsageError(`${flag}: ${file} holds no key; make one with: sockdock key make`);
  }
  return keys;
}

/** Whether a path would be a key if it were the text of a file. */
function isKey(path: string, bareKind?: KeyKind): boolean {
  try {
    return parseKeys(path, bareKind).length > 0;
  } catch {
    return false;
  }
}

async function readKeys(file: string, bareKind?: KeyKind): Promise<Key[]> {
  const { bytes, info } = await readBounded(file, MAX_FILE_BYTES);
  const keys = parseKeys(new TextDecoder().decode(bytes), bareKind);
  // A pipe, as a shell's <(...) makes one, has no meaningful owner.
  if (info.isFile && keys.some(isSecret)) refuseShared(file, info);
  else if (info.isFile) refuseWritableFile(file, info);
  return keys;
}
