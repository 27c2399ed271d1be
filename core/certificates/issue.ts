// Issuing certificates for servers and clients, signed by an authority of our own (RFC 5280).

import type { PublicKey } from "@peculiar/x509";
import type { Authority } from "./authority.ts";
import { type CertificateName, type CertificateUse, parseNames } from "./names.ts";
import { UsageError } from "../usage_error.ts";
import {
  alternativeNames,
  BACKDATE_MS,
  DAY_MS,
  ECDSA,
  keyToPem,
  type KeyType,
  loadX509,
  makeKeys,
  randomSerial,
  type X509,
} from "./x509.ts";

/** Maximum validity of a certificate: browsers and systems reject more than 398 days (CA/Browser
 * Forum, Baseline Requirements 6.3.2). */
export const MAX_VALIDITY_DAYS = 397;

/** Options of a certificate to issue. */
export interface IssueOptions {
  /** For a server, host names (`*.harbour.example` too) and addresses; for a client also e-mail
   * addresses and URIs. The first is the certificate's common name as well. */
  readonly names: readonly string[];
  /** The role of the peer that shows it. Default: `server`. */
  readonly use?: CertificateUse;
  /** Validity in days, 1 to 397, and never beyond that of the authority. Default: 397. */
  readonly days?: number;
  /** ECDSA on P-256, Ed25519, or RSA of 2048 bits. Default: `ecdsa`. */
  readonly keyType?: KeyType;
  /** Milliseconds since the epoch. Default: `Date.now()`. */
  readonly now?: number;
}

/** A certificate and its private key, all PEM. */
export interface IssuedCertificate {
  /** The certificate alone. */
  readonly cert: string;
  /** The certificate and the authority's after it, as a server or client presents them. */
  readonly chain: string;
  /** PKCS #8, not encrypted. */
  readonly key: string;
}

/** Makes a key, and a certificate for it that the authority vouches for.
 *
 * ```ts
 * import { echo, send, serve } from "@sockdock/sockdock";
 * import { createAuthority, issueCertificate } from "@sockdock/sockdock/cert";
 *
 * const authority = await createAuthority();
 * const { chain, key } = await issueCertificate(authority, { names: ["127.0.0.1"] });
 * await using server = await serve("tls://127.0.0.1:0", echo, { tlsCert: chain, tlsKey: key });
 * const answer = await send(server.url, "hello", { tlsCa: [authority.cert] });
 * console.log(new TextDecoder().decode(answer)); // hello
 * ```
 *
 * @throws {UsageError} when a name cannot stand in such a certificate, or the authority has expired
 * @throws {RangeError} when `days` is out of bounds */
export async function issueCertificate(
  authority: Authority,
  { names, use = "server", days, keyType = "ecdsa", now = Date.now() }: IssueOptions,
): Promise<IssuedCertificate> {
  const parsed = parseNames(names, use);
  const x509 = await loadX509();
  const keys = await makeKeys(keyType);
  const publicKey = await x509.PublicKey.create(keys.publicKey);
  const cert = await certify(authority, publicKey, { names: parsed, use, days, now });
  return { cert, chain: cert + authority.cert, key: await keyToPem(x509, keys.privateKey) };
}

interface Certified {
  readonly names: readonly [CertificateName, ...CertificateName[]];
  readonly use: CertificateUse;
  readonly days: number | undefined;
  readonly now: number;
}

/** Certifies a public key; returns the certificate, PEM.
 * @throws {UsageError} when the authority has expired or is not one of ours
 * @throws {RangeError} when `days` is out of bounds */
export async function certify(
  authority: Authority,
  publicKey: PublicKey,
  { names, use, days = MAX_VALIDITY_DAYS, now }: Certified,
): Promise<string> {
  if (!Number.isInteger(days) || days < 1 || days > MAX_VALIDITY_DAYS) {
    throw new RangeError(
      `days: expected a whole number from 1 to ${MAX_VALIDITY_DAYS}, got ${days}`,
    );
  }
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.cert);
  const [notBefore, notAfter] = validity(issuer, days, now);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: subjectOf(names[0].value),
    // The name object and not its text, so that it is encoded identically, byte for byte.
    issuer: issuer.subjectName,
    notBefore,
    notAfter,
    signingAlgorithm: ECDSA,
    signingKey: await importKey(x509, authority.key),
    publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(keyUsages(x509, publicKey), true),
      new x509.ExtendedKeyUsageExtension([
        use === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      alternativeNames(x509, names, subjectOf(names[0].value).length === 0),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/** The dates of a certificate. They begin an hour ago, for peers whose clock is behind, and stay within
 * the longest validity that clients accept and within the authority's own. */
function validity(
  issuer: { readonly notBefore: Date; readonly notAfter: Date },
  days: number,
  now: number,
): [Date, Date] {
  const [first, last] = [issuer.notBefore.getTime(), issuer.notAfter.getTime()];
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  if (now > last) {
    throw new UsageError(
      `the authority expired on ${day(last)}; move its folder away, and ` +
        "sockdock cert authority makes a new one",
    );
  }
  if (now < first) {
    throw new UsageError(`the authority is not valid before ${day(first)}; check the clock`);
  }
  const from = Math.max(now - BACKDATE_MS, first);
  const to = Math.min(now + days * DAY_MS, from + MAX_VALIDITY_DAYS * DAY_MS, last);
  return [new Date(from), new Date(to)];
}

/** Verification goes by the alternative names; this is what people see. A common name has at most 64
 * characters (RFC 5280 A.1); without one, the alternative names are what must be understood. */
function subjectOf(name: string): { CN: string[] }[] {
  return name.length <= 64 ? [{ CN: [name] }] : [];
}

/** Before TLS 1.3 an RSA key also decrypts the key of a session. */
function keyUsages(x509: X509, { algorithm }: PublicKey): number {
  const { digitalSignature, keyEncipherment } = x509.KeyUsageFlags;
  return /^RSA/.test(algorithm.name) ? digitalSignature | keyEncipherment : digitalSignature;
}

async function importKey(x509: X509, pem: string): Promise<CryptoKey> {
  try {
    const [der] = x509.PemConverter.decode(pem);
    return await crypto.subtle.importKey("pkcs8", der!, ECDSA, false, ["sign"]);
  } catch (error) {
    throw new UsageError("the authority's key is not one that sockdock made (ECDSA on P-256)", {
      cause: error,
    });
  }
}
