// The trust of a TLS or DTLS client: the authorities or certificates that it accepts from a server,
// and the certificate that it presents itself.

import { authorityFile } from "../../core/certificates/authority_folder.ts";
import { readCertificateFields } from "../../core/certificates/fields.ts";
import { certifiedPeer } from "../../core/certificates/identity.ts";
import { shownFile } from "../../core/files/file_or_text.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { readFingerprint } from "../../core/certificates/fingerprint.ts";
import { parseCertificates, readPem } from "../../core/certificates/pem.ts";
import { tlsFilePairs } from "../../core/tls/options.ts";
import { readPairKey, readTlsFilePair, refuseForeignKey } from "../../core/tls/file_pairs.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { tlsClientOptions } from "./options.ts";

type TrustValues = OptionValues<
  Pick<typeof tlsClientOptions, "tlsCa" | "tlsFingerprint" | "insecure">
>;

/** A certificate of our own and its private key, both PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  /** Its first name, as a server lists it, or the file of one without names. */
  readonly name: string;
}

/** Reads the certificate that a server may ask for; undefined when none was named.
 * @throws {UsageError} when one of the files is missing, damaged or not the other's */
export async function loadClientCertificate(
  files: OptionValues<Pick<typeof tlsClientOptions, "tlsCert" | "tlsKey">>,
): Promise<ClientCertificate | undefined> {
  const [pair, second] = tlsFilePairs(files);
  if (second !== undefined) {
    throw new UsageError("a client shows one certificate; give --tls-cert and --tls-key once");
  }
  if (pair === undefined) return undefined;
  const texts = await readTlsFilePair(pair);
  refuseForeignKey(texts, await readPairKey(texts));
  const { cert, key, certificate, tlsCert } = texts;
  const { names } = certifiedPeer(readCertificateFields(certificate.raw), certificate);
  return { cert, key, name: names[0]?.value ?? `the certificate in ${tlsCert}` };
}

export type Trust =
  /** A server whose certificate is one of these or was issued by one; without files, by one of the
   * well-known authorities. The certificate must be for the name that was dialled, and in date. */
  | {
    readonly by: "authority";
    /** Their names, for messages. */
    readonly files: readonly string[];
    readonly pems: readonly string[];
    /** Earliest end of validity among the authorities. */
    readonly firstExpiry: Date | undefined;
  }
  /** The server that holds the key of the certificate with this SHA-256, in lower-case hexadecimal. */
  | { readonly by: "fingerprint"; readonly fingerprint: string }
  | { readonly by: "nothing" };

/** Reads the options and the files they name.
 * @throws {UsageError} when a file or fingerprint cannot be used, or options exclude each other */
export async function loadTrust(
  { tlsCa, tlsFingerprint, insecure }: TrustValues,
): Promise<Trust> {
  const given = [
    tlsCa.length > 0 && "--tls-ca",
    tlsFingerprint !== undefined && "--tls-fingerprint",
    insecure && "--insecure",
  ].filter((flag) => flag !== false);
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other; give one`);
  if (insecure) return { by: "nothing" };
  if (tlsFingerprint !== undefined) {
    const expected =
      "--tls-fingerprint: expected a SHA-256, 64 hexadecimal digits with or without colons";
    return { by: "fingerprint", fingerprint: readFingerprint(tlsFingerprint, expected) };
  }
  const pems: string[] = [];
  const dates: Date[] = [];
  const files = tlsCa.map((named) => authorityFile(named));
  for (const file of files) {
    const pem = await readPem("--tls-ca", file, "CERTIFICATE");
    const certificates = await parseCertificates("--tls-ca", file, pem);
    pems.push(pem);
    dates.push(...certificates.map(({ validToDate }) => validToDate));
  }
  dates.sort((one, other) => one.getTime() - other.getTime());
  return { by: "authority", files: files.map(shownFile), pems, firstExpiry: dates[0] };
}
