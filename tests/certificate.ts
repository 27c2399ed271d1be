/** A certificate for tests of TLS, made by openssl. */

import { runPeer } from "./peer.ts";

/** A self-signed certificate for localhost and 127.0.0.1, and its key, as PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate in a folder. */
export async function makeCertificate(
  folder: string,
  kind: "ecdsa" | "rsa" = "ecdsa",
): Promise<CertificateFiles> {
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const algorithm = kind === "rsa" ? "rsa:2048" : "ec -pkeyopt ec_paramgen_curve:P-256";
  const request = `req -x509 -newkey ${algorithm} -nodes -days 2 ` +
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 " +
    "-addext basicConstraints=critical,CA:FALSE";
  const made = await runPeer("openssl", [...request.split(" "), "-keyout", key, "-out", cert]);
  if (made.code !== 0) throw new Error(`Cannot make a certificate: ${made.stderr}`);
  return { cert, key };
}
