// `key make`: makes a key for the layers `sealed` and `signed`.

import { dirname, join } from "node:path";
import { errorText } from "../../core/event.ts";
import { KEY_KINDS, type KeyKind } from "../../core/keys/key.ts";
import { type MadeKey, makeKey } from "../../core/keys/make.ts";
import { knownAre } from "../../core/options/nearest.ts";
import { createPrivateFile, replaceFile } from "../../core/files/private_file.ts";
import { UsageError } from "../../core/usage_error.ts";
import { dataFolderOr, fileNameOf } from "../line/data_folder.ts";
import type { Stdio } from "../terminal/stdio.ts";
import type { KeyMakingValues } from "./options.ts";

/** Makes a key. With `--out -`, or in a pipe without `--out`, it is printed; else it is written to
 * a file, and only its fingerprint and public half are printed.
 *
 * @throws {UsageError} when the kind or name is wrong, or the file exists or cannot be written */
export async function makeKeyFile(word: string, values: KeyMakingValues, io: Stdio): Promise<void> {
  const kind = parseKind(word);
  const made = make(kind, values.name);
  const file = whereTo(kind, values, io);
  if (file !== null) await write(file, made.text, values);
  const { fingerprint, publicLine } = made;
  if (io.json) {
    const secret = file === null ? { key: made.text } : { file };
    io.printJson({ event: "key", kind, fingerprint, ...secret, public: publicLine });
    return;
  }
  if (file === null) io.print(made.text.trimEnd());
  io.note(`made ${file === null ? "a key" : file}: ${kind}, sha256:${fingerprint}`);
  if (publicLine !== undefined) io.note(`for --signed-senders: ${publicLine}`);
}

function parseKind(word: string): KeyKind {
  const kind = KEY_KINDS.find((kind) => kind === word);
  if (kind !== undefined) return kind;
  const got = word === "" ? "none was given" : `"${word}"`;
  throw new UsageError(`key make: unknown kind of key: ${got}${knownAre(word, KEY_KINDS)}`);
}

function make(kind: KeyKind, name: string | undefined): MadeKey {
  try {
    return makeKey(kind, name === undefined ? {} : { name });
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`--name: ${error.message}`);
    throw error;
  }
}

/** The file, or null for stdout. */
function whereTo(
  kind: KeyKind,
  { out, name, dataFolder }: KeyMakingValues,
  io: Stdio,
): string | null {
  if (out === "-") return null;
  if (out !== undefined) return out;
  if (dataFolder === undefined && !io.stdoutIsTerminal) return null;
  return join(dataFolderOr(dataFolder), "keys", `${fileNameOf(name ?? kind)}.key`);
}

async function write(
  file: string,
  text: string,
  { out, overwrite }: KeyMakingValues,
): Promise<void> {
  try {
    if (out === undefined) await Deno.mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const create = (path: string) => createPrivateFile(path, text);
    await (overwrite ? replaceFile(file, create) : create(file));
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new UsageError(
        `${file} is there already; replace it with --overwrite, or choose another with --out`,
      );
    }
    throw new UsageError(`cannot write ${file}: ${errorText(error)}`);
  }
}
