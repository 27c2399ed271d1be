// A certificate that this end of DTLS shows, and its private key.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readCertificateFields } from "../../../core/certificates/fields.ts";
import type { CertificateName } from "../../../core/certificates/names.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { type KeyKind, keyKindOf } from "../crypto/signatures.ts";

/** A chain of certificates and the private key of its first. */
export interface DtlsCredentials {
  /** DER, our own first. */
  readonly chain: readonly Uint8Array[];
  readonly key: KeyObject;
  readonly kind: KeyKind;
  /** The names of our own. */
  readonly names: readonly CertificateName[];
}

export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** Makes credentials of two PEM texts that were checked to belong together.
 * @throws {UsageError} when the key is of a kind that DTLS 1.2 has no suite for */
export function credentialsOf(
  { cert, key: keyPem }: { readonly cert: string; readonly key: string },
): DtlsCredentials {
  const key = createPrivateKey(keyPem);
  const kind = keyKindOf(key);
  if (kind === null) {
    const { namedCurve = "" } = key.asymmetricKeyDetails ?? {};
    throw new UsageError(
      `--tls-key: DTLS cannot use a key of the kind ${
        `${key.asymmetricKeyType} ${namedCurve}`.trim()
      }; use ECDSA on P-256 or P-384, Ed25519, or RSA`,
    );
  }
  const chain = certificatesIn(cert).map(({ raw }) => raw);
  return { chain, key, kind, names: readCertificateFields(chain[0]!).names };
}
