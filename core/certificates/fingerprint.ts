// SHA-256 fingerprints of certificates, everywhere in lower-case hexadecimal without colons.

import { UsageError } from "../usage_error.ts";
import { pemBlocks } from "./pem.ts";
import { toHex } from "./x509.ts";

/** The fingerprint of the first certificate in a PEM text.
 * @throws {SyntaxError} when the text holds none */
export async function fingerprintOf(pem: string): Promise<string> {
  const block = pemBlocks(pem).find(({ label }) => label === "CERTIFICATE");
  if (block === undefined) throw new SyntaxError("The text holds no certificate in PEM");
  return await fingerprintOfDer(block.der);
}

export async function fingerprintOfDer(der: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", der)));
}

/** Parses a fingerprint in the formats of openssl, browsers, node:crypto and our own servers: in
 * either case, with or without colons and the name of its hash. Null when the text is none. */
export function parseFingerprint(text: string): string | null {
  const hex = text.trim().replace(/^sha-?256[:=]/i, "").replaceAll(":", "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}

/** A fingerprint that a user wrote.
 * @param expected the option and what stands there, as the error begins
 * @throws {UsageError} when it is none */
export function readFingerprint(written: string, expected: string): string {
  const fingerprint = parseFingerprint(written);
  if (fingerprint !== null) return fingerprint;
  throw new UsageError(
    `${expected}, got "${written}"; ` +
      `print one with: openssl x509 -in FILE -noout -fingerprint -sha256`,
  );
}
