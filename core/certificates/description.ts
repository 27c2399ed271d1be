// Descriptions of certificates and signing requests, as text and as data (RFC 5280, RFC 2986).

import type { Extension, PublicKey, SubjectAlternativeNameExtension } from "@peculiar/x509";
import { parseRequest } from "./signing_request.ts";
import { errorText } from "../event.ts";
import { fingerprintOfDer } from "./fingerprint.ts";
import { DAY_MS, loadX509, type X509 } from "./x509.ts";

/** The fields that certificates and requests have in common. */
export interface RequestDescription {
  readonly subject: string;
  /** `DNS:localhost`, `IP:127.0.0.1`, `email:ada@harbour.example`, `URI:spiffe://dock/ada`. */
  readonly names: readonly string[];
  /** Kind of key, such as `ECDSA P-256`. */
  readonly key: string;
  /** Signature algorithm, such as `ECDSA with SHA-256`. */
  readonly signature: string;
  /** Key usages as RFC 5280 names them; `CA` and its path length among them. */
  readonly usages: readonly string[];
}

export interface CertificateDescription extends RequestDescription {
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** Whole days until the certificate expires; negative when it has expired. */
  readonly daysLeft: number;
  readonly state: "valid" | "expired" | "not yet valid";
  readonly selfSigned: boolean;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** Describes a certificate.
 * @param now milliseconds since the epoch
 * @throws {SyntaxError} when the bytes are no certificate */
export async function describeCertificate(
  der: Uint8Array<ArrayBuffer>,
  now: number,
): Promise<CertificateDescription> {
  const x509 = await loadX509();
  let certificate;
  try {
    certificate = new x509.X509Certificate(der);
  } catch (error) {
    throw new SyntaxError(`no certificate, or a damaged one (${errorText(error)})`);
  }
  const { subject, issuer, serialNumber, notBefore, notAfter, publicKey } = certificate;
  const [from, to] = [notBefore.getTime(), notAfter.getTime()];
  const extensions = [...certificate.extensions];
  return {
    subject,
    issuer,
    names: namesIn(extensions),
    serialNumber,
    validFrom: notBefore.toISOString(),
    validTo: notAfter.toISOString(),
    daysLeft: Math.floor((to - now) / DAY_MS),
    state: now > to ? "expired" : now < from ? "not yet valid" : "valid",
    key: keyText(publicKey),
    signature: reading(() => signatureText(certificate.signatureAlgorithm)),
    usages: usagesIn(x509, extensions),
    selfSigned: subject === issuer && await certificate.isSelfSigned().catch(() => false),
    fingerprint: await fingerprintOfDer(der),
  };
}

/** Describes a request, and verifies that it is signed by its own key.
 * @throws {SyntaxError} when the text holds no request */
export async function describeRequest(
  pem: string,
): Promise<RequestDescription & { readonly holdsKey: boolean }> {
  const x509 = await loadX509();
  const request = parseRequest(x509, pem);
  const extensions = [...request.extensions];
  return {
    subject: request.subject,
    names: namesIn(extensions),
    key: keyText(request.publicKey),
    signature: reading(() => signatureText(request.signatureAlgorithm)),
    usages: usagesIn(x509, extensions),
    holdsKey: await request.verify().catch(() => false),
  };
}

const UNREADABLE = "(not readable here)";

/** The library throws on unknown values; the other fields are worth printing all the same. */
function reading(read: () => string): string {
  try {
    return read();
  } catch {
    return UNREADABLE;
  }
}

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

const NAME_TYPES: Readonly<Record<string, string>> = {
  dns: "DNS",
  ip: "IP",
  email: "email",
  url: "URI",
};

function namesIn(extensions: readonly Extension[]): string[] {
  const found = extensions.filter(({ type }) => type === SUBJECT_ALTERNATIVE_NAME);
  try {
    return found.flatMap((extension) =>
      [...(extension as SubjectAlternativeNameExtension).names.items]
        .map(({ type, value }) => `${NAME_TYPES[type] ?? type}:${value}`)
    );
  } catch {
    return [UNREADABLE];
  }
}

function keyText({ algorithm }: PublicKey): string {
  return reading(() => {
    const { name, namedCurve, modulusLength } = algorithm as Algorithm & {
      readonly namedCurve?: string;
      readonly modulusLength?: number;
    };
    if (/^RSA/.test(name)) return `RSA ${modulusLength} bits`;
    return namedCurve === undefined || namedCurve === name ? name : `${name} ${namedCurve}`;
  });
}

function signatureText(
  { name, hash }: { readonly name: string; readonly hash?: { readonly name: string } | undefined },
): string {
  const kind = /^RSASSA/.test(name) ? "RSA" : name;
  return hash === undefined ? kind : `${kind} with ${hash.name}`;
}

const EXTENDED_USAGES: ReadonlyMap<string, string> = new Map([
  ["1.3.6.1.5.5.7.3.1", "serverAuth"],
  ["1.3.6.1.5.5.7.3.2", "clientAuth"],
  ["1.3.6.1.5.5.7.3.3", "codeSigning"],
  ["1.3.6.1.5.5.7.3.4", "emailProtection"],
  ["1.3.6.1.5.5.7.3.8", "timeStamping"],
  ["1.3.6.1.5.5.7.3.9", "OCSPSigning"],
]);

function usagesIn(x509: X509, extensions: readonly Extension[]): string[] {
  return extensions.flatMap((extension) => {
    if (extension instanceof x509.BasicConstraintsExtension) {
      const { ca, pathLength } = extension;
      return ca ? [pathLength === undefined ? "CA" : `CA (path length ${pathLength})`] : [];
    }
    if (extension instanceof x509.KeyUsagesExtension) {
      return Object.entries(x509.KeyUsageFlags).flatMap(([usage, bit]) =>
        typeof bit === "number" && (extension.usages & bit) !== 0 ? [usage] : []
      );
    }
    if (extension instanceof x509.ExtendedKeyUsageExtension) {
      return extension.usages.map(String).map((usage) => EXTENDED_USAGES.get(usage) ?? usage);
    }
    return [];
  });
}
