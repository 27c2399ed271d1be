// The X.509 library (RFC 5280), and what its users share: kinds of keys, serial numbers, names. It
// is loaded only where a certificate is made or described.

import type { Extension, SubjectAlternativeNameExtension } from "@peculiar/x509";
import type { CertificateName } from "./names.ts";

/** Loads the library, which takes 100 ms. */
export async function loadX509() {
  // x509 uses a decorator library that fails unless this module was loaded before it.
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

export type X509 = Awaited<ReturnType<typeof loadX509>>;

/** The names as an extension. It is critical when there is no subject (RFC 5280 4.2.1.6). */
export function alternativeNames(
  x509: X509,
  names: readonly CertificateName[],
  critical = false,
): SubjectAlternativeNameExtension {
  const general = names.map(({ type, value }) => ({
    type: type === "uri" ? "url" as const : type,
    value,
  }));
  return new x509.SubjectAlternativeNameExtension(general, critical);
}

/** A certificate is valid from this long before now, for peers whose clock is behind ours. */
export const BACKDATE_MS = 60 * 60_000;

export const DAY_MS = 24 * 60 * 60_000;

/** The signature algorithm of our authorities and certificates. */
export const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

const ED25519 = { name: "Ed25519" } as const;

/** A kind of key that can be made for a certificate: ECDSA on P-256; Ed25519, which browsers do not
 * take; or RSA of 2048 bits for old peers. */
export type KeyType = "ecdsa" | "ed25519" | "rsa";

export const KEY_TYPES = ["ecdsa", "ed25519", "rsa"] as const satisfies readonly KeyType[];

const ALGORITHMS = { ecdsa: ECDSA, ed25519: ED25519, rsa: RSA } as const;

/** What Web Crypto calls the signatures of a kind of key. */
export function signingAlgorithm(type: KeyType) {
  return ALGORITHMS[type];
}

/** Makes a key pair whose private half can be exported. */
export function makeKeys(type: KeyType): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHMS[type], true, [
    "sign",
    "verify",
  ]) as Promise<CryptoKeyPair>;
}

/** A private key as PKCS #8 (RFC 5958) in PEM. */
export async function keyToPem(x509: X509, key: CryptoKey): Promise<string> {
  const der = await crypto.subtle.exportKey("pkcs8", key);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

/** A random serial number in hexadecimal: positive and its first byte not zero (RFC 5280 4.1.2.2). */
export function randomSerial(): string {
  const serial = crypto.getRandomValues(new Uint8Array(16));
  serial[0] = serial[0]! & 0x7f | 0x40;
  return toHex(serial);
}

/** Bytes in lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Makes keys, and a certificate of the public one that is signed with the private one.
 * @param title the common name, to which a part of the serial number is added: two issuers of one name
 *   would be taken for each other when a chain is built
 * @param now milliseconds since the epoch */
export async function selfSign(
  { title, days, now, keyType = "ecdsa" }: {
    readonly title: string;
    readonly days: number;
    readonly now: number;
    readonly keyType?: KeyType;
  },
  extensionsFor: (x509: X509, publicKey: CryptoKey) => Promise<Extension[]>,
): Promise<{ readonly cert: string; readonly key: string }> {
  const x509 = await loadX509();
  const keys = await makeKeys(keyType);
  const serialNumber = randomSerial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: [{ CN: [`${title} ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + days * DAY_MS),
    signingAlgorithm: signingAlgorithm(keyType),
    keys,
    extensions: await extensionsFor(x509, keys.publicKey),
  });
  return { cert: `${certificate.toString("pem")}\n`, key: await keyToPem(x509, keys.privateKey) };
}
