// Reads the certificates and keys that options give, and checks that they belong together.

import type { KeyObject, X509Certificate } from "node:crypto";
import { errorText } from "../event.ts";
import { parseCertificates, readPem } from "../certificates/pem.ts";
import { shownFile } from "../files/file_or_text.ts";
import { UsageError } from "../usage_error.ts";
import type { TlsFilePair } from "./options.ts";

interface TlsFileTexts {
  /** What messages call the file of the certificate, and that of the key. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** PEM, the server's or client's own certificate first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: X509Certificate;
}

/** Reads one pair, without checking that the key belongs to the certificate.
 * @throws {UsageError} when one of the files is not named, missing or damaged */
export async function readTlsFilePair({ tlsCert, tlsKey }: TlsFilePair): Promise<TlsFileTexts> {
  if (tlsKey === undefined) {
    throw new UsageError(
      `--tls-cert ${shownFile(tlsCert ?? "")} needs its private key; add --tls-key FILE`,
    );
  }
  if (tlsCert === undefined) {
    throw new UsageError(
      `--tls-key ${shownFile(tlsKey)} needs its certificate; add --tls-cert FILE`,
    );
  }
  const cert = await readPem("--tls-cert", tlsCert, "CERTIFICATE");
  const key = await readPem("--tls-key", tlsKey, "PRIVATE KEY");
  const [certificate] = await parseCertificates("--tls-cert", tlsCert, cert);
  return {
    tlsCert: shownFile(tlsCert),
    tlsKey: shownFile(tlsKey),
    cert,
    key,
    certificate: certificate!,
  };
}

/** Parses the key of a pair.
 * @throws {UsageError} when it cannot be read as one */
export async function readPairKey({ tlsKey, key }: TlsFileTexts): Promise<KeyObject> {
  const { createPrivateKey } = await import("node:crypto");
  try {
    return createPrivateKey(key);
  } catch (error) {
    throw new UsageError(
      `--tls-key: the key in ${tlsKey} is damaged; copy it again (${errorText(error)})`,
    );
  }
}

/** Refuses the key of another certificate.
 * @throws {UsageError} naming both files */
export function refuseForeignKey(
  { tlsCert, tlsKey, certificate }: TlsFileTexts,
  key: KeyObject,
): void {
  if (certificate.checkPrivateKey(key)) return;
  throw new UsageError(
    `--tls-key: the key in ${tlsKey} does not belong to the certificate in ${tlsCert}; ` +
      `name the key that the certificate was made with`,
  );
}
