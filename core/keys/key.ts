// The keys of the layers `sealed` and `signed`: their kinds, their text forms (a line, or PEM), and
// their fingerprints.

import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** A kind of key: `fernet`, `aes-gcm` and `chacha20` seal, `hmac` and `ed25519` sign. */
export type KeyKind = "fernet" | "aes-gcm" | "chacha20" | "hmac" | "ed25519";

export const KEY_KINDS = [
  "fernet",
  "aes-gcm",
  "chacha20",
  "hmac",
  "ed25519",
] as const satisfies readonly KeyKind[];

const ENDS_WITH_KIND = new RegExp(`^(?:(.*)[:\\s])?(${KEY_KINDS.join("|")})$`);
const HAS_KIND = new RegExp(`(?:^|[:\\s])(?:${KEY_KINDS.join("|")})(?:$|:)`, "i");

/** A symmetric key, which both peers have. */
export interface SharedKey {
  readonly kind: Exclude<KeyKind, "ed25519">;
  /** Undefined without a name in the file. */
  readonly name: string | undefined;
  readonly secret: Uint8Array;
}

/** An Ed25519 key with its private half. */
export interface PrivateKey {
  readonly kind: "ed25519";
  readonly name: string | undefined;
  readonly privateKey: KeyObject;
  /** The 32 bytes of RFC 8032. */
  readonly publicKey: Uint8Array;
}

/** The public half of an Ed25519 key. */
export interface PublicKey {
  readonly kind: "ed25519";
  readonly name: string | undefined;
  readonly publicKey: Uint8Array;
}

export type Key = SharedKey | PrivateKey | PublicKey;

/** Length of a new symmetric key, and required length of all kinds but HMAC. */
export const KEY_BYTES = 32;

/** A shorter HMAC secret could be guessed; beyond a block of SHA-256 nothing is gained. */
const HMAC_BYTES = { least: 16, most: 64 } as const;

const MAX_NAME_BYTES = 128;

/** DER prefix of the 32 bytes of a public key (RFC 8410 4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Whether a key can sign or seal. */
export function isSecret(key: Key): key is SharedKey | PrivateKey {
  return "secret" in key || "privateKey" in key;
}

/** Fingerprint of a key, in lower-case hexadecimal: SHA-256 of a public key; of a secret, SHA-256
 * over a domain and the secret, which does not reveal it. */
export function keyFingerprint(key: Key): string {
  const hash = createHash("sha256");
  if (key.kind === "ed25519") return hash.update(key.publicKey).digest("hex");
  return hash.update(`sockdock key fingerprint 1\0${key.kind}\0`).update(key.secret).digest("hex");
}

/** Name of a key, or its fingerprint if it has none. */
export function keyName(key: Key): string {
  return key.name ?? `sha256:${keyFingerprint(key)}`;
}

/** Parses the keys in a text: lines `KEY`, `kind:KEY`, `name:kind:KEY` or `name kind:KEY`, the key
 * in base64 of either alphabet; or one private Ed25519 key in PEM. Empty lines and lines that
 * begin with # are ignored.
 * @param bareKind the kind of a line that names none; Fernet keys are usually written so
 * @throws {SyntaxError} naming the line that is wrong; no message quotes a key */
export function parseKeys(text: string, bareKind: KeyKind = "fernet"): Key[] {
  if (text.includes("-----BEGIN")) return [parsePem(text)];
  return text.split(/\r?\n/).flatMap((line, index) => {
    const written = line.trim();
    if (written === "" || written.startsWith("#")) return [];
    try {
      return [parseLine(written, bareKind)];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new SyntaxError(`line ${index + 1}: ${error.message}`);
    }
  });
}

function parseLine(line: string, bareKind: KeyKind): Key {
  const [, before = "", base64 = ""] = /^(?:(.*)[:\s])?([A-Za-z0-9+/_-]+={0,2})$/.exec(line) ?? [];
  if (base64 === "") throw new SyntaxError("expected name:kind:KEY, the key in base64");
  const written = withoutColon(before);
  const [, named = "", kind] = ENDS_WITH_KIND.exec(written) ?? [];
  const name = kind === undefined ? written : withoutColon(named);
  // The text may be half of a key, so the message does not quote it.
  if (name !== "" && !isName(name)) throw new SyntaxError(`${NAME_RULE}, and this one is none`);
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  return keyOf((kind ?? bareKind) as KeyKind, name === "" ? undefined : name, bytes);
}

/** The text before a separator, which may be a colon and a space. */
function withoutColon(text: string): string {
  return text.trim().replace(/\s*:$/, "");
}

function keyOf(kind: KeyKind, name: string | undefined, bytes: Uint8Array): Key {
  const { least, most } = kind === "hmac" ? HMAC_BYTES : { least: KEY_BYTES, most: KEY_BYTES };
  if (bytes.length < least || bytes.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new SyntaxError(`a key of kind ${kind} has ${wanted} bytes, this one ${bytes.length}`);
  }
  return kind === "ed25519" ? { kind, name, publicKey: bytes } : { kind, name, secret: bytes };
}

/** Refuses a name that could not be read back from a key file.
 * @throws {SyntaxError} */
export function refuseName(name: string): void {
  if (!isName(name)) throw new SyntaxError(`${NAME_RULE}, got ${JSON.stringify(name)}`);
}

const NAME_RULE = "the name of a key is neither a kind of key nor a key, begins with no #, ends " +
  `with no colon, and has up to ${MAX_NAME_BYTES} bytes without control characters`;

function isName(name: string): boolean {
  // deno-lint-ignore no-control-regex
  const odd = /[\x00-\x1f\x7f]|^#|:$/.test(name) || name !== name.trim();
  // In any spelling: a mistyped kind must not become a name, nor the key one of another kind.
  const isKind = HAS_KIND.test(name);
  // Names are printed, and with two keys on one line the first would become a name.
  const isKey = name.split(/[:\s]/).some((word) =>
    /^(?:[A-Za-z0-9+/_-]{43}=?|[A-Za-z0-9+/_-]{20,}={1,2})$/.test(word)
  );
  const { length } = new TextEncoder().encode(name);
  return name !== "" && !odd && !isKind && !isKey && length <= MAX_NAME_BYTES;
}

/** Parses a private key in PKCS #8 (RFC 5958, RFC 8410), after an optional line `name: NAME`. */
function parsePem(text: string): PrivateKey {
  const [, name] = /^name: *(.+?)\s*$/m.exec(text.slice(0, text.indexOf("-----BEGIN"))) ?? [];
  if (name !== undefined) refuseName(name);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(text.slice(text.indexOf("-----BEGIN")));
  } catch {
    throw new SyntaxError(
      "the PEM in it is no private key that can be read; an encrypted one is decrypted with: " +
        "openssl pkey -in FILE -out plain.pem",
    );
  }
  if (privateKey.asymmetricKeyType !== "ed25519") {
    throw new SyntaxError(`the key in it is of kind ${privateKey.asymmetricKeyType}, not ed25519`);
  }
  return { kind: "ed25519", name, privateKey, publicKey: publicHalf(privateKey) };
}

/** The 32 bytes of the public half of a private key. */
export function publicHalf(privateKey: KeyObject): Uint8Array {
  const der = createPublicKey(privateKey as unknown as string).export({
    format: "der",
    type: "spki",
  });
  return new Uint8Array(der).slice(SPKI_PREFIX.length);
}

export function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const key = Buffer.concat([SPKI_PREFIX, publicKey]);
  return createPublicKey({ key, format: "der", type: "spki" });
}

/** Formats a key as a line of a key file: `name:kind:KEY`. An unnamed Fernet key has no kind
 * either, so that other programs can read the file; of a private key only the public half is
 * written, `name ed25519:KEY`. */
export function formatKey(key: Key): string {
  if (key.kind === "ed25519") {
    const line = `ed25519:${paddedBase64(key.publicKey)}`;
    return key.name === undefined ? line : `${key.name} ${line}`;
  }
  const kind = key.kind === "fernet" ? "" : `${key.kind}:`;
  return `${key.name === undefined ? "" : `${key.name}:`}${kind}${paddedBase64(key.secret)}`;
}

/** Url-safe and padded, as Python writes Fernet keys. */
export function paddedBase64(bytes: Uint8Array): string {
  const unpadded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
  return unpadded.padEnd(4 * Math.ceil(unpadded.length / 4), "=");
}
