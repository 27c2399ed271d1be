// Files of pre-shared keys: a line each, `identity:key`, the key in hexadecimal. Empty lines and
// lines that begin with # say nothing.

import { createHash } from "node:crypto";
import { errorText } from "../../core/event.ts";
import type { Identity } from "../../core/session.ts";
import { readBounded } from "../../core/files/read_bounded.ts";
import { UsageError } from "../../core/usage_error.ts";

/** Shorter keys can be guessed from one recorded handshake (RFC 4279 7.2). */
const MIN_PSK_BYTES = 16;

/** RFC 4279 5.3 asks for 64 at least. */
const MAX_PSK_BYTES = 256;

/** RFC 4279 5.1 */
const MAX_IDENTITY_BYTES = 128;

const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads a file of pre-shared keys, which its owner alone may be able to read.
 * @returns the keys by their identity, in the order of the file
 * @throws {UsageError} when the file cannot be used, naming the line and the remedy */
export async function readPskFile(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  let text: string;
  try {
    const { bytes, info: { mode, isFile } } = await readBounded(file, MAX_FILE_BYTES);
    if (isFile && mode !== null && (mode & 0o077) !== 0) {
      throw new UsageError(
        `--psk-file: others can read the keys in ${file}; forbid it with: chmod 600 ${file}`,
      );
    }
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : errorText(error);
    throw new UsageError(`--psk-file: cannot read ${file}: ${why}`);
  }
  return parsePsks(text, file);
}

/** The keys in the text of such a file. No message shows a key.
 * @throws {UsageError} naming the line that is wrong */
export function parsePsks(text: string, file: string): ReadonlyMap<string, Uint8Array> {
  const keys = new Map<string, Uint8Array>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const wrong = (why: string) => new UsageError(`--psk-file: ${file}:${index + 1}: ${why}`);
    const colon = line.lastIndexOf(":");
    const identity = line.slice(0, Math.max(colon, 0));
    const hex = line.slice(colon + 1).trim();
    if (identity === "") throw wrong("expected identity:key, the key in hexadecimal");
    if (new TextEncoder().encode(identity).length > MAX_IDENTITY_BYTES) {
      throw wrong(`the identity is longer than ${MAX_IDENTITY_BYTES} bytes`);
    }
    if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) {
      throw wrong(`the key of ${identity} is not hexadecimal; make one with: openssl rand -hex 32`);
    }
    const key = Uint8Array.from(hex.match(/../g)!, (digits) => parseInt(digits, 16));
    if (key.length < MIN_PSK_BYTES || key.length > MAX_PSK_BYTES) {
      throw wrong(
        `the key of ${identity} has ${key.length} bytes; use ${MIN_PSK_BYTES} to ` +
          `${MAX_PSK_BYTES}, such as from: openssl rand -hex 32`,
      );
    }
    if (keys.has(identity)) throw wrong(`${identity} is there twice`);
    keys.set(identity, key);
  }
  if (keys.size === 0) {
    throw new UsageError(
      `--psk-file: ${file} holds no key; add a line such as alice:<32 hex digits>`,
    );
  }
  return keys;
}

export function pskIdentity(name: string, key: Uint8Array): Identity {
  const fingerprint = createHash("sha256").update(key).digest("hex");
  return { name, source: "psk", fingerprint };
}
