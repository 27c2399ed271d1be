// Generates the keys of the layers `sealed` and `signed`.

import { generateKeyPairSync } from "node:crypto";
import {
  formatKey,
  type Key,
  KEY_BYTES,
  keyFingerprint,
  type KeyKind,
  publicHalf,
  refuseName,
} from "./key.ts";

/** Options of `makeKey`. */
export interface MakeKeyOptions {
  /** Name of the key's holder, which peers that have the key will show. @default none */
  readonly name?: string;
}

/** A new key, in the text forms of key files. */
export interface MadeKey {
  /** As it was asked for. */
  readonly kind: KeyKind;
  /** Contents of the secret key file: a line, or PKCS #8 in PEM for Ed25519. */
  readonly text: string;
  /** SHA-256 in lower-case hexadecimal, which does not reveal the key. */
  readonly fingerprint: string;
  /** For Ed25519, the line for a file of `signedSenders`, without its end; as a text in place of the
   * file it needs one: `${publicLine}\n`. */
  readonly publicLine?: string;
}

/** Makes a random key for a layer: `fernet`, `aes-gcm` and `chacha20` for `sealed`, `hmac` and `ed25519`
 * for `signed`. Give its `text` as `sealedKey` or `signedKey`, or write it to a file with mode 0600 and
 * give the path.
 *
 * @example Sealed datagrams in a test
 * ```ts
 * import { send, serve, upper } from "@sockdock/sockdock";
 * import { makeKey } from "@sockdock/sockdock/cert";
 *
 * const options = { sealedKey: [makeKey("aes-gcm").text] };
 * await using server = await serve("udp+sealed://127.0.0.1:0", upper, options);
 * const answer = await send(server.url, "ahoy", options);
 * console.log(new TextDecoder().decode(answer)); // AHOY
 * ```
 *
 * @throws {SyntaxError} when a file of keys could not hold the name */
export function makeKey(kind: KeyKind, { name }: MakeKeyOptions = {}): MadeKey {
  if (name !== undefined) refuseName(name);
  if (kind !== "ed25519") {
    const key: Key = { kind, name, secret: crypto.getRandomValues(new Uint8Array(KEY_BYTES)) };
    return { kind, text: `${formatKey(key)}\n`, fingerprint: keyFingerprint(key) };
  }
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const key: Key = { kind, name, publicKey: publicHalf(privateKey) };
  return {
    kind,
    // Text before the first line of PEM is ignored (RFC 7468 2).
    text: `${name === undefined ? "" : `name: ${name}\n`}${pem.trimEnd()}\n`,
    fingerprint: keyFingerprint(key),
    publicLine: formatKey(key),
  };
}
