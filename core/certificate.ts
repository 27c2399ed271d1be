// Server certificates made on the spot, and fingerprints of certificates (RFC 5280, X.509).

import { ipFamily } from "./admission.ts";

/** A self-signed certificate and its private key, as PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** Long enough for any test, too short to become somebody's permanent certificate. */
const VALIDITY_MS = 30 * DAY_MS;
/** For peers whose clock is behind ours. */
const BACKDATE_MS = 60 * 60_000;

/** Makes a self-signed certificate that a server can show and that its clients can be told to
 * trust. It is no authority: with its key nothing else can be signed.
 *
 * @param names host names and addresses that the server is reached at
 * @param now milliseconds since the epoch, from which the certificate is valid for 30 days */
export async function makeCertificate(
  names: readonly string[],
  now: number,
): Promise<MadeCertificate> {
  // A decorator library that x509 uses fails unless this was loaded before it. Both load here and
  // not above because they cost every start 100 ms otherwise.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");

  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const serial = crypto.getRandomValues(new Uint8Array(16));
  // A serial number is positive and its first byte not zero (RFC 5280 4.1.2.2).
  serial[0] = serial[0]! & 0x7f | 0x40;
  const serialNumber = toHex(serial);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // Verification goes by the alternative names; this only tells such certificates apart.
    name: [{ CN: [`sockdock ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + VALIDITY_MS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([...new Set(names)].map(alternativeName)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    cert: certificate.toString("pem") + "\n",
    key: x509.PemConverter.encode(key, "PRIVATE KEY") + "\n",
  };
}

function alternativeName(name: string): { type: "ip" | "dns"; value: string } {
  const address = name.replace(/%.*$/, "");
  if (ipFamily(address) !== null) return { type: "ip", value: address };
  // A certificate holds a name as it is looked up, in ASCII (RFC 5280 7.2).
  return { type: "dns", value: new URL(`http://${name}`).hostname };
}

/** The SHA-256 of the first certificate in a PEM text, in lower-case hexadecimal.
 *
 * @throws {SyntaxError} when the text holds none */
export async function fingerprintOf(pem: string): Promise<string> {
  const base64 = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/
    .exec(pem)?.[1];
  if (base64 === undefined) throw new SyntaxError("The text holds no certificate in PEM");
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", der)));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
