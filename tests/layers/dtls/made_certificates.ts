/** Certificates for tests of DTLS, of whatever kind a test wants, made in this process. */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { X509Certificate } from "node:crypto";
import {
  credentialsOf,
  type DtlsCredentials,
} from "../../../layers/dtls/certificates/credentials.ts";

export { x509 };

const DAY_MS = 24 * 60 * 60_000;
/** When all of them are valid unless a test says otherwise. */
export const NOW: number = Date.UTC(2026, 0, 15);

export type KeyName = "P-256" | "P-384" | "Ed25519" | "RSA" | "RSA-1024";

/** What a test may want of a certificate. */
export interface Wanted {
  readonly subject?: string;
  readonly key?: KeyName;
  /** The issuer; itself unless given. */
  readonly issuer?: Made;
  readonly names?: readonly string[];
  readonly isAuthority?: boolean;
  readonly pathLength?: number;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  readonly extra?: readonly x509.Extension[];
}

/** A certificate with its key. */
export interface Made {
  readonly subject: string;
  readonly keys: CryptoKeyPair;
  readonly certificate: X509Certificate;
  readonly credentials: DtlsCredentials;
  readonly pem: string;
  readonly keyPem: string;
}

function algorithmOf(key: KeyName) {
  if (key === "Ed25519") return { name: key };
  if (!key.startsWith("RSA")) return { name: "ECDSA", namedCurve: key, hash: "SHA-256" };
  return {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: key === "RSA" ? 2048 : 1024,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
}

let serial = 0;

/** Makes a certificate. */
export async function make(wanted: Wanted = {}): Promise<Made> {
  const { key = "P-256", issuer, names = ["server.test", "127.0.0.1"] } = wanted;
  const subject = wanted.subject ?? `CN=test ${++serial}`;
  const keys = await crypto.subtle.generateKey(algorithmOf(key), true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const signer = issuer?.keys ?? keys;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: (++serial + 0x1000).toString(16),
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: new Date(wanted.notBefore ?? NOW - DAY_MS),
    notAfter: new Date(wanted.notAfter ?? NOW + DAY_MS),
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: {
      ...signer.privateKey.algorithm,
      hash: "SHA-256",
    } as never,
    extensions: [
      new x509.BasicConstraintsExtension(wanted.isAuthority ?? false, wanted.pathLength, true),
      ...(wanted.keyUsage === undefined
        ? []
        : [new x509.KeyUsagesExtension(wanted.keyUsage, true)]),
      ...(wanted.extendedKeyUsage === undefined
        ? []
        : [new x509.ExtendedKeyUsageExtension([...wanted.extendedKeyUsage])]),
      ...(names.length === 0 ? [] : [
        new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
      ]),
      ...(wanted.extra ?? []),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const keyPem = x509.PemConverter.encode(pkcs8, "PRIVATE KEY");
  const pem = made.toString("pem");
  const certificate = new X509Certificate(pem);
  return {
    subject,
    keys,
    certificate,
    credentials: credentialsOf({ cert: pem, key: keyPem }),
    pem,
    keyPem,
  };
}

function alternativeName(value: string): { type: "dns" | "ip" | "email"; value: string } {
  if (value.includes("@")) return { type: "email", value };
  return { type: /^[\d.]+$|:/.test(value) ? "ip" : "dns", value };
}
