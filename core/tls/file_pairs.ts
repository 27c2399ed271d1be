// Certificates and their keys as options: each repeated `--tls-cert` goes with the `--tls-key` in the
// same place.

import type { KeyObject, X509Certificate } from "node:crypto";
import { errorText } from "../event.ts";
import { type Option, type OptionSpec, text } from "../options/option.ts";
import { parseCertificates, readPemFile } from "../certificates/pem.ts";
import { UsageError } from "../usage_error.ts";

/** What the two options hold. */
export interface TlsFileOptions {
  readonly tlsCert?: string | readonly string[] | undefined;
  readonly tlsKey?: string | readonly string[] | undefined;
}

/** One certificate's file and its key's, as they were named. */
export interface TlsFilePair {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** An option that may be repeated, and for which a program may give one text by itself. */
export function fileOrFiles(
  spec: Pick<OptionSpec, "help">,
): Option<string | readonly string[] | undefined> {
  const option = text.many({ ...spec, metavar: "file" });
  return {
    ...option,
    check: (value, name) => option.check(typeof value === "string" ? [value] : value, name),
  };
}

/** Each certificate with its key; none when there are no files. One alone has no partner.
 * @throws {UsageError} when there are more of one than of the other */
export function tlsFilePairs({ tlsCert, tlsKey }: TlsFileOptions): TlsFilePair[] {
  const certs = [tlsCert ?? []].flat();
  const keys = [tlsKey ?? []].flat();
  if (certs.length !== keys.length && certs.length > 0 && keys.length > 0) {
    throw new UsageError(
      `--tls-cert and --tls-key go in pairs, got ${certs.length} and ${keys.length}; ` +
        `give each certificate its key, in the same order`,
    );
  }
  const count = Math.max(certs.length, keys.length);
  return Array.from({ length: count }, (_, at) => ({ tlsCert: certs[at], tlsKey: keys[at] }));
}

/** A certificate and its key, as they were read. */
export interface TlsFileTexts {
  readonly tlsCert: string;
  readonly tlsKey: string;
  /** PEM, the certificate that is meant first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly certificate: X509Certificate;
}

/** Reads one pair. Whether the key belongs to the certificate is not looked at.
 * @throws {UsageError} when one of the files is not named, missing or damaged */
export async function readTlsFilePair({ tlsCert, tlsKey }: TlsFilePair): Promise<TlsFileTexts> {
  if (tlsKey === undefined) {
    throw new UsageError(`--tls-cert ${tlsCert} needs its private key; add --tls-key FILE`);
  }
  if (tlsCert === undefined) {
    throw new UsageError(`--tls-key ${tlsKey} needs its certificate; add --tls-cert FILE`);
  }
  const cert = await readPemFile("--tls-cert", tlsCert, "CERTIFICATE");
  const key = await readPemFile("--tls-key", tlsKey, "PRIVATE KEY");
  const [certificate] = await parseCertificates("--tls-cert", tlsCert, cert);
  return { tlsCert, tlsKey, cert, key, certificate: certificate! };
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
