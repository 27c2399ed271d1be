// Self-signed certificates (RFC 5280), for TLS servers without `--tls-cert` or a local authority.

import { MAX_NAMES, parseNames } from "./names.ts";
import { alternativeNames, type KeyType, selfSign } from "./x509.ts";

/** A self-signed certificate and its private key, as PEM. */
interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Validity: long enough for any test, too short for production. */
const VALIDITY_DAYS = 30;

/** Makes a self-signed certificate that a server can show and that its clients can be told to
 * trust. It is no authority: with its key nothing else can be signed.
 * @param names host names and addresses that the server is reached at, the most important first
 * @param now milliseconds since the epoch, from which the certificate is valid for 30 days
 * @throws {UsageError} when a name cannot stand in a certificate */
export async function makeCertificate(
  names: readonly string[],
  now: number,
  keyType: KeyType = "ecdsa",
): Promise<MadeCertificate> {
  const parsed = parseNames(names.slice(0, MAX_NAMES), "server");
  return await selfSign(
    { title: "sockdock", days: VALIDITY_DAYS, now, keyType },
    async (x509, publicKey) => [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // Clients verify these names, and not the common name.
      alternativeNames(x509, parsed),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(publicKey),
    ],
  );
}
