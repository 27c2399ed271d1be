// `key seal` and `key open`: a message as a token, and back, without a network.

import { readKeyFile } from "../../core/keys/file.ts";
import type { SharedKey } from "../../core/keys/key.ts";
import { InvalidTokenError, openWith, sealingKeys, sealWith } from "../../core/keys/token.ts";
import { UsageError } from "../../core/usage_error.ts";
import { exitCodes } from "../exit_code.ts";
import { stdinChunks } from "../terminal/stdin.ts";
import type { Stdio } from "../terminal/stdio.ts";
import type { KeyOpeningValues } from "./options.ts";

/** A message or token as long as this is a file to encrypt, for which a token is the wrong form. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;

/** Prints the token of some words, joined by spaces, or of all of stdin.
 *
 * @throws {UsageError} when the file has no key that seals */
export async function sealMessage(
  file: string,
  words: readonly string[],
  io: Stdio,
): Promise<number> {
  const [key] = await readSealingKeys("key seal", file);
  const token = sealWith(key, await inputOf(words, "key seal", io));
  if (io.json) io.printJson({ event: "token", kind: key.kind, token });
  else io.print(token);
  return exitCodes.ok;
}

/** Prints what a token holds, which is an argument or stands in stdin.
 *
 * @throws {UsageError} when the file has no key that seals */
export async function openMessage(
  file: string,
  words: readonly string[],
  { maxAgeMs }: KeyOpeningValues,
  io: Stdio,
): Promise<number> {
  const keys = await readSealingKeys("key open", file);
  const token = new TextDecoder().decode(await inputOf(words, "key open", io)).trim();
  let message: Uint8Array;
  try {
    message = openWith(keys, token, maxAgeMs === undefined ? {} : { maxAgeMs });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--max-age: ${error.message}`);
    if (!(error instanceof InvalidTokenError)) throw error;
    io.error(error.message);
    return exitCodes.checkFailed;
  }
  if (io.json) {
    io.printJson({ event: "message", text: new TextDecoder().decode(message) });
    return exitCodes.ok;
  }
  io.printPeer(message);
  // A pipe gets the message and nothing else.
  if (io.stdoutIsTerminal && message.at(-1) !== 0x0a) io.print("");
  return exitCodes.ok;
}

async function readSealingKeys(
  flag: string,
  file: string,
): Promise<readonly [SharedKey, ...SharedKey[]]> {
  const keys = await readKeyFile(flag, file);
  try {
    return sealingKeys(keys);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${flag}: ${file}: ${error.message}`);
    throw error;
  }
}

async function inputOf(words: readonly string[], flag: string, io: Stdio): Promise<Uint8Array> {
  if (words.length > 0) return new TextEncoder().encode(words.join(" "));
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of stdinChunks(io)) {
    length += chunk.length;
    if (length > MAX_INPUT_BYTES) {
      throw new UsageError(`${flag}: stdin holds more than ${MAX_INPUT_BYTES} bytes`);
    }
    parts.push(chunk.slice());
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
