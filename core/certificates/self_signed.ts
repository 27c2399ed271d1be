// Server certificates made on the spot, and fingerprints of certificates (RFC 5280, X.509).

import { ipFamily } from "../addresses/admission.ts";
import {
  BACKDATE_MS,
  DAY_MS,
  ECDSA,
  keyToPem,
  loadX509,
  makeKeys,
  randomSerial,
  toHex,
} from "./x509.ts";

/** A self-signed certificate and its private key, as PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Long enough for any test, too short to become somebody's permanent certificate. */
const VALIDITY_MS = 30 * DAY_MS;

/** Makes a self-signed certificate that a server can show and that its clients can be told to
 * trust. It is no authority: with its key nothing else can be signed.
 *
 * @param names host names and addresses that the server is reached at
 * @param now milliseconds since the epoch, from which the certificate is valid for 30 days */
export async function makeCertificate(
  names: readonly string[],
  now: number,
): Promise<MadeCertificate> {
  const x509 = await loadX509();
  const keys = await makeKeys("ecdsa");
  const serialNumber = randomSerial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // Verification goes by the alternative names; this only tells such certificates apart.
    name: [{ CN: [`sockdock ${serialNumber.slice(0, 8)}`] }],
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + VALIDITY_MS),
    signingAlgorithm: ECDSA,
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
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: await keyToPem(x509, keys.privateKey),
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
