// Sealed tokens: a message as a line of text that only a holder of the key reads, and that no one else
// can make. With a Fernet key it is a token of that specification; with an AES-GCM key it is
// docs/sealed.md, "Tokens".

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { Fernet, parseToken } from "./fernet.ts";
import { type Key, KEY_BYTES, paddedBase64, parseKeys, type SharedKey } from "./key.ts";

/** The token was not made with any of the keys, was changed on its way, or is too old. */
export class InvalidTokenError extends Error {
  /** The name of the class. */
  override readonly name = "InvalidTokenError";
}

/** Options of `openToken`. */
export interface OpenTokenOptions {
  /** Refuses a token that was made longer ago, or more than a minute from now. Only a Fernet token says
   * when it was made. @default no limit */
  readonly maxAgeMs?: number;
}

/** How far the clock of the other side may be ahead, as Python's `cryptography` has it. */
const MAX_CLOCK_SKEW_MS = 60_000;

const IV_BYTES = 16;
/** Stands first in an AES-GCM token, which so never begins with the dash of an option. */
const VERSION = 1;
const NONCE_BYTES = 12;
const HEAD_BYTES = 1 + NONCE_BYTES;
const TAG_BYTES = 16;
/** Keeps the keys of tokens apart from those of datagrams under the same secret. */
const DOMAIN = "sockdock token 1";

/** Seals a message with the first key of a text, such as `makeKey("fernet").text`.
 *
 * ```ts
 * import { makeKey, openToken, sealToken } from "@sockdock/sockdock/cert";
 *
 * const key = makeKey("fernet").text;
 * const token = sealToken(key, "Hello, UDP!");
 * console.log(new TextDecoder().decode(openToken(key, token))); // Hello, UDP!
 * ```
 *
 * @throws {SyntaxError} when the text holds no key, or one of another kind than fernet and aes-gcm */
export function sealToken(keyText: string, message: string | Uint8Array): string {
  const [key] = sealingKeys(parseKeys(keyText));
  return sealWith(key, typeof message === "string" ? new TextEncoder().encode(message) : message);
}

/** Opens a token with whichever key of a text it was made with.
 *
 * @throws {InvalidTokenError} when the token is not genuine, or older than allowed
 * @throws {SyntaxError} when the text holds no key, or one of another kind than fernet and aes-gcm
 * @throws {RangeError} when an age is asked of an AES-GCM token, which has none */
export function openToken(
  keyText: string,
  token: string,
  options: OpenTokenOptions = {},
): Uint8Array {
  return openWith(sealingKeys(parseKeys(keyText)), token, options);
}

/** The keys, when all of them are for sealing.
 * @throws {SyntaxError} naming the kind that is not, or when there is no key */
export function sealingKeys(keys: readonly Key[]): readonly [SharedKey, ...SharedKey[]] {
  const found = keys.map((key) => {
    if (key.kind === "fernet" || key.kind === "aes-gcm") return key as SharedKey;
    const does = key.kind === "chacha20" ? "seals datagrams alone" : "signs";
    throw new SyntaxError(`a key of kind ${key.kind} ${does}; fernet and aes-gcm seal messages`);
  });
  const [first, ...others] = found;
  if (first === undefined) throw new SyntaxError("there is no key in it");
  return [first, ...others];
}

/** Seals bytes as a token in ASCII. */
export function sealWith({ kind, secret }: SharedKey, bytes: Uint8Array): string {
  if (kind === "fernet") {
    const seconds = Math.floor(Date.now() / 1000);
    const { token } = new Fernet(secret).seal(bytes, seconds, randomBytes(IV_BYTES));
    return new TextDecoder().decode(token);
  }
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", subkeyOf(secret), nonce);
  const sealed = [Uint8Array.of(VERSION), nonce, cipher.update(bytes), cipher.final()];
  return paddedBase64(Buffer.concat([...sealed, cipher.getAuthTag()]));
}

/** Opens a token with the one of the keys that made it.
 * @throws {InvalidTokenError | RangeError} as `openToken` does */
export function openWith(
  keys: readonly SharedKey[],
  token: string,
  { maxAgeMs }: OpenTokenOptions = {},
): Uint8Array {
  if (maxAgeMs !== undefined && keys.some(({ kind }) => kind === "aes-gcm")) {
    throw new RangeError("Cannot tell the age of an aes-gcm token: only fernet tokens have a time");
  }
  for (const { kind, secret } of keys) {
    const message = kind === "fernet"
      ? openFernet(secret, token, maxAgeMs)
      : openAesGcm(secret, token);
    if (message !== null) return new Uint8Array(message);
  }
  throw new InvalidTokenError(
    "this token was made with another key, or was changed on its way",
  );
}

function openFernet(
  secret: Uint8Array,
  text: string,
  maxAgeMs: number | undefined,
): Uint8Array | null {
  const token = parseToken(new TextEncoder().encode(text));
  const fernet = new Fernet(secret);
  if (token === null || !fernet.isAuthentic(token)) return null;
  if (maxAgeMs !== undefined) {
    const ageMs = Date.now() - token.seconds * 1000;
    if (ageMs > maxAgeMs) {
      throw new InvalidTokenError(`this token is ${Math.floor(ageMs / 1000)} s old`);
    }
    if (ageMs < -MAX_CLOCK_SKEW_MS) {
      throw new InvalidTokenError("this token was made in the future: compare the clocks");
    }
  }
  return fernet.open(token);
}

function openAesGcm(secret: Uint8Array, text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  // Only the one spelling with its padding is a token, so that none has two.
  if (paddedBase64(bytes) !== text || bytes.length < HEAD_BYTES + TAG_BYTES) return null;
  if (bytes[0] !== VERSION) return null;
  const end = bytes.length - TAG_BYTES;
  const nonce = bytes.subarray(1, HEAD_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", subkeyOf(secret), nonce, {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, end)), decipher.final()]);
  } catch {
    return null;
  }
}

function subkeyOf(secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), DOMAIN, KEY_BYTES));
}
