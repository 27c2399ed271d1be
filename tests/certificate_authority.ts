/** An authority for tests of TLS that issues whatever a test needs, good and bad. */

import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const DAY_MS = 24 * 60 * 60_000;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A certificate and its key in PEM files. */
export interface IssuedFiles {
  readonly cert: string;
  readonly key: string;
  /** SHA-256, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** What to issue. */
export interface IssueOptions {
  /** As in `DNS:localhost`, `IP:127.0.0.1`, `email:a@b`, `URI:spiffe://x/y`. */
  readonly names?: readonly string[];
  readonly commonName?: string;
  readonly purpose?: "client" | "server";
  /** In days from now. Default: -1 and 1. */
  readonly from?: number;
  readonly to?: number;
}

/** Issues into a folder. */
export class CertificateAuthority {
  /** Its own certificate. */
  readonly file: string;
  readonly #folder: string;
  readonly #keys: CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(
    file: string,
    folder: string,
    keys: CryptoKeyPair,
    certificate: x509.X509Certificate,
  ) {
    this.file = file;
    this.#folder = folder;
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async create(folder: string, name = "authority"): Promise<CertificateAuthority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerial(),
      name: [{ CN: [name] }],
      ...lasting(-2, 2),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    const file = `${folder}/${name}.pem`;
    await Deno.writeTextFile(file, certificate.toString("pem") + "\n");
    return new CertificateAuthority(file, folder, keys, certificate);
  }

  /** Writes `<file>.pem` and `<file>.key`, over what was there. */
  async issue(file: string, options: IssueOptions = {}): Promise<IssuedFiles> {
    const { names = [], commonName = file, purpose = "server", from = -1, to = 1 } = options;
    const keys = await newKeys();
    const usage = purpose === "client" ? "clientAuth" : "serverAuth";
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerial(),
      subject: [{ CN: [commonName] }],
      issuer: this.#certificate.subjectName,
      ...lasting(from, to),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(names.length > 0
          ? [new x509.SubjectAlternativeNameExtension(names.map(alternativeName))]
          : []),
      ],
    });
    const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    const paths = { cert: `${this.#folder}/${file}.pem`, key: `${this.#folder}/${file}.key` };
    await Deno.writeTextFile(paths.cert, certificate.toString("pem") + "\n");
    await Deno.writeTextFile(paths.key, x509.PemConverter.encode(key, "PRIVATE KEY") + "\n");
    const digest = new Uint8Array(await certificate.getThumbprint("SHA-256"));
    const fingerprint = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { ...paths, fingerprint };
  }
}

function alternativeName(written: string): x509.JsonGeneralName {
  const colon = written.indexOf(":");
  const kinds: Record<string, x509.GeneralNameType> = {
    DNS: "dns",
    IP: "ip",
    email: "email",
    URI: "url",
  };
  return { type: kinds[written.slice(0, colon)]!, value: written.slice(colon + 1) };
}

function lasting(from: number, to: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const at = (days: number) => new Date(Date.now() + days * DAY_MS);
  return { notBefore: at(from), notAfter: at(to) };
}

function newSerial(): string {
  return "40" + crypto.randomUUID().replaceAll("-", "").slice(2);
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as CryptoKeyPair;
}
