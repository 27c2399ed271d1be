// Which client certificates a server asks for and believes, and whom of their holders it admits.

import type { X509Certificate } from "node:crypto";
import { flag, type OptionValues, text } from "../core/option.ts";
import { parseCertificates, readPemFile } from "../core/pem_file.ts";
import { UsageError } from "../core/usage_error.ts";

/** Who may come in, by certificate. */
export const clientCertificateOptions = {
  tlsCa: text.many({
    metavar: "file",
    help: "authorities whose client certificates --require-client-cert takes, PEM",
  }),
  requireClientCert: flag({
    help: "turn clients away that show no certificate of an authority of --tls-ca",
    negatable: false,
  }),
  allowIdentity: text.many({
    metavar: "name",
    help: "admit only client certificates with this alternative name (host, e-mail address or " +
      "URI) or sha256:FINGERPRINT",
  }),
} as const;

/** The values of `clientCertificateOptions`. */
export type ClientCertificateLimits = OptionValues<typeof clientCertificateOptions>;

/** Refuses options that would seem to keep somebody out and do not.
 * @throws {UsageError} naming what is missing */
export function checkClientCertificateOptions(
  { tlsCa, requireClientCert, allowIdentity }: ClientCertificateLimits,
): void {
  if (requireClientCert) {
    if (tlsCa.length > 0) return;
    throw new UsageError(
      "--require-client-cert needs to know whose certificates to take; add --tls-ca FILE",
    );
  }
  const flag = tlsCa.length > 0 ? "--tls-ca" : allowIdentity.length > 0 ? "--allow-identity" : null;
  if (flag === null) return;
  throw new UsageError(
    `${flag} alone keeps nobody out; add --require-client-cert, or leave ${flag} away`,
  );
}

/** Those whose certificates are taken. */
export interface Authorities {
  readonly pems: readonly string[];
  readonly certificates: readonly X509Certificate[];
}

/** Reads the authorities' files.
 * @throws {UsageError} naming the one that cannot be used */
export async function readAuthorities(files: readonly string[]): Promise<Authorities> {
  const pems: string[] = [];
  const certificates: X509Certificate[] = [];
  for (const file of files) {
    const pem = await readPemFile("--tls-ca", file, "CERTIFICATE");
    pems.push(pem);
    certificates.push(...await parseCertificates("--tls-ca", file, pem));
  }
  return { pems, certificates };
}
