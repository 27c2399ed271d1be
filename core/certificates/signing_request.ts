// Certificate signing requests (PKCS #10, RFC 2986): creating one, and signing one as an authority.

import type { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from "@peculiar/x509";
import type { Authority } from "./authority.ts";
import { type CertificateName, type CertificateUse, parseNames } from "./names.ts";
import { errorText } from "../event.ts";
import { certify } from "./issue.ts";
import { pemBlocks } from "./pem.ts";
import { UsageError } from "../usage_error.ts";
import {
  alternativeNames,
  keyToPem,
  type KeyType,
  loadX509,
  makeKeys,
  signingAlgorithm,
  type X509,
} from "./x509.ts";

/** A request and its private key, which is not sent, both PEM. */
interface MadeRequest {
  readonly request: string;
  readonly key: string;
}

/** Makes a key, and a request for a certificate with these names.
 * @throws {UsageError} when a name is invalid in a certificate */
export async function createRequest(
  { names, use, keyType }: {
    readonly names: readonly string[];
    readonly use: CertificateUse;
    readonly keyType: KeyType;
  },
): Promise<MadeRequest> {
  const parsed = parseNames(names, use);
  const x509 = await loadX509();
  const keys = await makeKeys(keyType);
  const [{ value }] = parsed;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: value.length <= 64 ? [{ CN: [value] }] : [],
    signingAlgorithm: signingAlgorithm(keyType),
    keys,
    extensions: [alternativeNames(x509, parsed)],
  });
  return {
    request: `${request.toString("pem")}\n`,
    key: await keyToPem(x509, keys.privateKey),
  };
}

interface SignedRequest {
  /** The certificate, PEM. */
  readonly cert: string;
  /** The certificate, followed by the authority's. */
  readonly chain: string;
  readonly names: readonly CertificateName[];
  /** Requested extensions other than names that were not granted, such as `basicConstraints`. */
  readonly leftOut: readonly string[];
}

interface SignOptions {
  readonly use: CertificateUse;
  readonly days?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Signs a request. Of what it asks for, its names alone are granted: what the holder may be and do
 * is not for the holder to say.
 * @throws {SyntaxError} when it is no request, or damaged
 * @throws {UsageError} when its signature is not by its own key (RFC 2986 4.2: the requester must hold
 *   the key), the key is too weak, or its names cannot stand in a certificate */
export async function signRequest(
  authority: Authority,
  pem: string,
  { use, days, now }: SignOptions,
): Promise<SignedRequest> {
  const x509 = await loadX509();
  const request = parseRequest(x509, pem);
  if (!await holdsKey(request)) {
    throw new UsageError(
      "the request is not signed by the key that is in it: its maker does not hold that key, " +
        "or it was changed on the way; ask for it again",
    );
  }
  refuseWeak(request.publicKey.algorithm);
  const names = requestedNames(request, use);
  const cert = await certify(authority, request.publicKey, { names, use, days, now });
  const leftOut = [...request.extensions].map(({ type }) => type)
    .filter((oid) => oid !== SUBJECT_ALTERNATIVE_NAME)
    .map((oid) => EXTENSION_NAMES.get(oid) ?? oid);
  return { cert, chain: cert + authority.cert, names, leftOut };
}

const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

const EXTENSION_NAMES: ReadonlyMap<string, string> = new Map([
  ["2.5.29.14", "subjectKeyIdentifier"],
  ["2.5.29.15", "keyUsage"],
  ["2.5.29.19", "basicConstraints"],
  ["2.5.29.30", "nameConstraints"],
  ["2.5.29.32", "certificatePolicies"],
  ["2.5.29.37", "extendedKeyUsage"],
]);

/** @throws {SyntaxError} when the text holds no request */
export function parseRequest(x509: X509, pem: string): Pkcs10CertificateRequest {
  const block = pemBlocks(pem).find(({ label }) => /^(NEW )?CERTIFICATE REQUEST$/.test(label));
  if (block === undefined) throw new SyntaxError("it holds no certificate request in PEM");
  try {
    return new x509.Pkcs10CertificateRequest(block.der);
  } catch (error) {
    throw new SyntaxError(`the certificate request in it is damaged (${errorText(error)})`);
  }
}

async function holdsKey(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch (error) {
    throw new UsageError(
      `the request's signature cannot be checked here (${
        errorText(error)
      }); use ECDSA on P-256 or ` +
        "P-384, Ed25519, or RSA with SHA-256",
    );
  }
}

function refuseWeak(algorithm: Algorithm): void {
  const { name, modulusLength } = algorithm as Algorithm & { readonly modulusLength?: number };
  if (modulusLength === undefined || modulusLength >= 2048) return;
  throw new UsageError(
    `the request's key is too weak: ${name} of ${modulusLength} bits; use RSA of 2048 bits or more, ` +
      "or ECDSA on P-256",
  );
}

function requestedNames(
  request: Pkcs10CertificateRequest,
  use: CertificateUse,
): [CertificateName, ...CertificateName[]] {
  let asked: readonly { readonly type: string; readonly value: string }[];
  try {
    asked = [...request.getExtensions(SUBJECT_ALTERNATIVE_NAME)]
      .flatMap((extension) => [...(extension as SubjectAlternativeNameExtension).names.items])
      .map(({ type, value }) => ({ type: type === "url" ? "uri" : type, value }));
  } catch (error) {
    throw new UsageError(`the names in the request cannot be read (${errorText(error)})`);
  }
  if (asked.length === 0) {
    throw new UsageError(
      "the request asks for no subject alternative name, and nobody looks at common names any more; " +
        'make it anew with -addext "subjectAltName=DNS:NAME", or with sockdock cert request NAME',
    );
  }
  for (const { type, value } of asked) {
    const isForAll = type === "dns" || type === "ip";
    const isForUse = isForAll || (use === "client" && (type === "email" || type === "uri"));
    // An address written as a host name, for example, would be granted as another kind of name.
    if (isForUse && parseNames([value], use)[0].type === type) continue;
    const isForClients = use === "server" && (type === "email" || type === "uri");
    throw new UsageError(
      `the request asks for the name ${type}:${JSON.stringify(value)}, which cannot be granted` +
        (isForClients ? "; that is for a client's certificate: add --client" : ""),
    );
  }
  return parseNames(asked.map(({ value }) => value), use);
}
