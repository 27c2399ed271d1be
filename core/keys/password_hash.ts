// Password hashes in a file of users: PBKDF2 (RFC 8018) in the format of Python's passlib, and
// bcrypt as htpasswd -B writes it.

import { UsageError } from "../usage_error.ts";

/** Iterations of a new hash: about a quarter of a second on a current machine. */
const ITERATIONS = 600_000;
/** Limit of the iterations in a file: more would keep the server busy with one guess. */
const MAX_ITERATIONS = 10_000_000;
const MAX_BCRYPT_COST = 16;
const SALT_BYTES = 16;

export type PasswordCheck = (password: string) => Promise<boolean>;

/** Hashes a password for a file of users: `$pbkdf2-sha256$600000$<salt>$<hash>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const hash = await derive(password, {
    digest: "SHA-256",
    salt,
    iterations: ITERATIONS,
    bytes: 32,
  });
  return `$pbkdf2-sha256$${ITERATIONS}$${encode(salt)}$${encode(hash)}`;
}

/** Returns the check of passwords against a hash.
 * @throws {UsageError} when the format of the hash is unknown */
export function passwordCheck(hash: string): PasswordCheck {
  const pbkdf2 =
    /^\$pbkdf2-sha(256|512)\$(?:i=)?(\d{1,8})\$([A-Za-z0-9./+]+=*)\$([A-Za-z0-9./+]+=*)$/.exec(
      hash,
    );
  if (pbkdf2 !== null) {
    const [, bits = "", count = "", salt = "", expected = ""] = pbkdf2;
    const iterations = Number(count);
    const wanted = decode(expected);
    if (iterations < 1 || iterations > MAX_ITERATIONS || wanted.length < 16) {
      throw new UsageError(`a hash of ${iterations} iterations cannot be used`);
    }
    const terms = {
      digest: `SHA-${bits}`,
      salt: decode(salt),
      iterations,
      bytes: wanted.length,
    };
    return async (password) => isSame(await derive(password, terms), wanted);
  }
  const cost = Number(/^\$2[aby]\$(\d\d)\$[A-Za-z0-9./]{53}$/.exec(hash)?.[1] ?? NaN);
  if (cost >= 4 && cost <= MAX_BCRYPT_COST) {
    return async (password) => {
      const { compare } = await import("bcryptjs");
      return await compare(password, hash);
    };
  }
  throw new UsageError(
    `the hash is neither PBKDF2 ("$pbkdf2-sha256$...", from sockdock key password) nor bcrypt ` +
      `("$2y$...", from htpasswd -B, with a cost of at most ${MAX_BCRYPT_COST})`,
  );
}

interface DeriveTerms {
  readonly digest: string;
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly iterations: number;
  readonly bytes: number;
}

async function derive(
  password: string,
  { digest, salt, iterations, bytes }: DeriveTerms,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(password),
    "PBKDF2",
    false,
    ["deriveBits"],
  );
  const terms = { name: "PBKDF2", hash: digest, salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(terms, key, bytes * 8));
}

/** Compares in constant time. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (const [at, byte] of one.entries()) difference |= byte ^ other[at]!;
  return difference === 0;
}

/** Encodes base64 with a dot for the plus and no padding, as passlib does. */
function encode(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", ".").replace(/=+$/, "");
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll(".", "+").replace(/=+$/, ""));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
