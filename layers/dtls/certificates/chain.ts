// Verifies the chain of certificates of a DTLS peer: links, dates, names and uses (RFC 5280
// 6.1, RFC 9525).

import type { X509Certificate } from "node:crypto";
import {
  type CertificateFields,
  readCertificateFields,
} from "../../../core/certificates/fields.ts";
import { parseFingerprint } from "../../../core/certificates/fingerprint.ts";
import { isForHost } from "../../../core/certificates/names.ts";
import { DtlsError } from "../wire/alert.ts";

/** Which certificates to trust. */
export type DtlsTrust =
  /** Certificates that one of these authorities issued, and those of the authorities themselves. */
  | { readonly by: "authority"; readonly authorities: readonly X509Certificate[] }
  /** The certificate with this SHA-256, in lower-case hexadecimal. */
  | { readonly by: "fingerprint"; readonly fingerprint: string }
  /** Any certificate whose private key the peer proves to hold. */
  | { readonly by: "nothing" };

export interface ChainPurpose {
  readonly trust: DtlsTrust;
  /** The role of the peer that shows the chain. */
  readonly of: "server" | "client";
  /** The host name or address that a server's certificate must be for. */
  readonly name?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How many certificates may stand between the peer's own and a trusted one. */
const MAX_INTERMEDIATES = 8;

/** RFC 5280 4.2.1.12 */
const PURPOSES = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;
const ANY_PURPOSE = "2.5.29.37.0";

/** Signatures with MD5 and SHA-1 prove nothing (RFC 6151, RFC 9155). */
const WEAK_SIGNATURES: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.2",
  "1.2.840.113549.1.1.3",
  "1.2.840.113549.1.1.4",
  "1.2.840.113549.1.1.5",
  "1.2.840.10040.4.3",
  "1.2.840.10045.4.1",
]);

const MIN_RSA_BITS = 2048;

/** @throws {DtlsError} when the certificate cannot be read */
export function fieldsOf(certificate: X509Certificate): CertificateFields {
  try {
    return readCertificateFields(certificate.raw);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new DtlsError("bad_certificate", error.message);
  }
}

/** Refuses a chain that is not good for its purpose.
 * @param chain the peer's own certificate first; not empty
 * @throws {DtlsError} naming the check that failed */
export function verifyChain(chain: readonly X509Certificate[], purpose: ChainPurpose): void {
  const { trust } = purpose;
  const leaf = chain[0]!;
  if (trust.by === "nothing") return;
  if (trust.by === "fingerprint") {
    const found = parseFingerprint(leaf.fingerprint256);
    if (found === trust.fingerprint) return;
    throw new DtlsError("bad_certificate", `the certificate has the fingerprint ${found}`, {
      code: "WRONG_FINGERPRINT",
    });
  }
  const fields = fieldsOf(leaf);
  checkDates(leaf, purpose.now);
  checkPurpose(fields, purpose.of);
  checkKeySize(leaf);
  checkCritical(fields);
  // RFC 5246 7.4.2: what it does in a handshake is to sign.
  if (fields.keyUsage?.digitalSignature === false) {
    throw new DtlsError("bad_certificate", "the key of the certificate is not for signatures");
  }
  if (purpose.name !== undefined) checkName(fields, purpose.name);
  checkPath(chain, trust.authorities, purpose);
}

/** When a chain that is good now stops being so at the latest, in milliseconds since the epoch;
 * Infinity without a chain. Every trusted authority counts, but one that has expired, which cannot
 * have vouched for it. */
export function validUntil(
  chain: readonly X509Certificate[],
  { trust, now }: Pick<ChainPurpose, "trust" | "now">,
): number {
  if (chain.length === 0) return Infinity;
  const authorities = trust.by === "authority" ? trust.authorities : [];
  const ends = [...chain, ...authorities].map(({ validToDate }) => validToDate.getTime());
  return Math.min(...ends.filter((end) => end >= now));
}

/** Climbs from the peer's certificate to a trusted one (RFC 5280 6.1.3 and 6.1.4). */
function checkPath(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  { of, now }: ChainPurpose,
): void {
  const given = chain.slice(1);
  let current = chain[0]!;
  // Certificates in between that were not issued by themselves, which is what a path length counts.
  for (let below = 0; below <= MAX_INTERMEDIATES; below++) {
    if (authorities.some((one) => one.fingerprint256 === current.fingerprint256)) return;
    const root = authorities.find((one) => isIssuer(one, current));
    const issuer = root ?? given.find((one) => isIssuer(one, current));
    if (issuer === undefined) break;
    checkSignature(current);
    checkDates(issuer, now);
    checkAuthority(issuer, below, of);
    if (root !== undefined) return;
    current = issuer;
  }
  throw new DtlsError(
    "unknown_ca",
    `no trusted authority vouches for the certificate, which ${oneLine(current.issuer)} issued`,
    { code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY" },
  );
}

function isIssuer(issuer: X509Certificate, issued: X509Certificate): boolean {
  try {
    return issued.issuer === issuer.subject && issued.verify(issuer.publicKey);
  } catch {
    // A signature of a kind that the runtime does not know.
    return false;
  }
}

function checkAuthority(issuer: X509Certificate, below: number, of: "server" | "client"): void {
  const { isAuthority, maxPathLength, keyUsage, ...rest } = fieldsOf(issuer);
  const name = oneLine(issuer.subject);
  // RFC 5280 6.1.4 (k), (m) and (n)
  if (!isAuthority) {
    throw new DtlsError("bad_certificate", `${name} issued a certificate and is no authority`);
  }
  if (maxPathLength !== undefined && below > maxPathLength) {
    throw new DtlsError("bad_certificate", `the chain below ${name} is longer than it allows`);
  }
  if (keyUsage?.keyCertSign === false) {
    throw new DtlsError("bad_certificate", `the key of ${name} is not for signing certificates`);
  }
  checkPurpose({ extendedKeyUsage: rest.extendedKeyUsage }, of);
  checkKeySize(issuer);
  checkCritical(rest);
}

/** RFC 5280 4.1.2.5 */
function checkDates({ validFromDate, validToDate }: X509Certificate, now: number): void {
  const seconds = (date: Date) => Math.floor(date.getTime() / 1000);
  // The seconds are as the runtime's own TLS says them.
  if (now > validToDate.getTime()) {
    throw new DtlsError(
      "certificate_expired",
      `certificate expired: not valid after ${seconds(validToDate)}`,
      { code: "CERT_HAS_EXPIRED" },
    );
  }
  if (now < validFromDate.getTime()) {
    throw new DtlsError(
      "bad_certificate",
      `certificate not valid yet: not before ${seconds(validFromDate)}`,
      { code: "CERT_NOT_YET_VALID" },
    );
  }
}

/** RFC 5280 4.2.1.12 */
function checkPurpose(
  { extendedKeyUsage }: Pick<CertificateFields, "extendedKeyUsage">,
  of: "server" | "client",
): void {
  if (extendedKeyUsage === undefined) return;
  if ([PURPOSES[of], ANY_PURPOSE].some((oid) => extendedKeyUsage.includes(oid))) return;
  throw new DtlsError(
    "unsupported_certificate",
    `the certificate is not for ${of}s (extended key usage)`,
  );
}

function checkKeySize({ publicKey }: X509Certificate): void {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  if (publicKey.asymmetricKeyType !== "rsa" || (bits ?? 0) >= MIN_RSA_BITS) return;
  throw new DtlsError("insufficient_security", `an RSA key of ${bits} bits is too short`);
}

function checkSignature(certificate: X509Certificate): void {
  const { signatureAlgorithm } = fieldsOf(certificate);
  if (!WEAK_SIGNATURES.has(signatureAlgorithm)) return;
  throw new DtlsError("bad_certificate", "the certificate is signed with MD5 or SHA-1");
}

/** RFC 5280 4.2: what is critical and not understood is refused. */
function checkCritical({ unknownCritical }: Pick<CertificateFields, "unknownCritical">): void {
  if (unknownCritical.length === 0) return;
  throw new DtlsError(
    "unsupported_certificate",
    `the certificate has critical extensions unknown here: ${unknownCritical.join(", ")}`,
  );
}

/** RFC 9525 6: by the alternative names alone, never by the subject. */
function checkName({ names }: CertificateFields, wanted: string): void {
  if (isForHost(names, wanted)) return;
  // The form in which node:tls lists them.
  const list = names
    .filter(({ type }) => type === "dns" || type === "ip")
    .map(({ type, value }) => `${type === "dns" ? "DNS:" : "IP Address:"}${value}`);
  throw new DtlsError(
    "bad_certificate",
    `${wanted} is not in the cert's list: ${list.join(", ") || "(none)"}`,
    { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
  );
}

/** A distinguished name, which the runtime gives on several lines. */
function oneLine(name: string): string {
  return name.replaceAll("\n", ", ");
}
