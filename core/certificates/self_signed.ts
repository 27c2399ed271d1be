// Self-signed certificates (RFC 5280), for a TLS server that was given none where there is no authority.

import { MAX_NAMES, parseNames } from "./names.ts";
import {
  alternativeNames,
  BACKDATE_MS,
  DAY_MS,
  ECDSA,
  keyToPem,
  loadX509,
  makeKeys,
  randomSerial,
} from "./x509.ts";

/** A self-signed certificate and its private key, as PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Long enough for any test, too short for production. */
const VALIDITY_MS = 30 * DAY_MS;

/** Makes a self-signed certificate that a server can show and that its clients can be told to
 * trust. It is no authority: with its key nothing else can be signed.
 *
 * @param names host names and addresses that the server is reached at, the most important first
 * @param now milliseconds since the epoch, from which the certificate is valid for 30 days
 * @throws {UsageError} when a name cannot stand in a certificate */
export async function makeCertificate(
  names: readonly string[],
  now: number,
): Promise<MadeCertificate> {
  const parsed = parseNames(names.slice(0, MAX_NAMES), "server");
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
      alternativeNames(x509, parsed),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    cert: `${certificate.toString("pem")}\n`,
    key: await keyToPem(x509, keys.privateKey),
  };
}
