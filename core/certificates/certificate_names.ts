// Whom a certificate is for: its subject alternative names (RFC 5280 4.2.1.6). The common name is
// never looked at (RFC 6125 6.4.4, RFC 9525 2).

import type { Identity } from "../session.ts";

/** One subject alternative name. */
export interface CertificateName {
  readonly kind: "dns" | "uri" | "email";
  /** A host name in lower case; anything else as it was written. */
  readonly value: string;
}

/** Who showed a certificate. */
export interface CertifiedPeer {
  /** In the order of the certificate. */
  readonly names: readonly CertificateName[];
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** Reads the names of a certificate in DER.
 * @throws {Error} when it is none */
export type NameReader = (der: Uint8Array) => CertificateName[];

/** Loads what reads names. Parsed from the DER, because the text that the runtime makes of them runs
 * several into one: a single name that holds a comma could pass for two. */
export async function loadNameReader(): Promise<NameReader> {
  // A decorator library that x509 uses fails unless this was loaded before it. Both load here and
  // not above because they cost every start 100 ms otherwise.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const kinds = new Map<string, CertificateName["kind"]>(
    [["dns", "dns"], ["url", "uri"], ["email", "email"]],
  );
  return (der) => {
    const certificate = new x509.X509Certificate(new Uint8Array(der));
    const extension = certificate.getExtension(x509.SubjectAlternativeNameExtension);
    return (extension?.names.items ?? []).flatMap(({ type, value }) => {
      const kind = kinds.get(type);
      // A control character or a space has no place in any of them, and would in our messages.
      if (kind === undefined || !/^[\x21-\x7e]+$/.test(value)) return [];
      return { kind, value: kind === "dns" ? value.toLowerCase() : value };
    });
  };
}

/** The identity of a peer: its first name, or its fingerprint where it has no name. */
export function identityOf({ names, fingerprint }: CertifiedPeer): Identity {
  return {
    name: names[0]?.value ?? `sha256:${fingerprint}`,
    source: "certificate",
    fingerprint,
  };
}

/** Whether a certificate with these names is for a host (RFC 6125 6.4.3): the wildcard stands for
 * the whole of the leftmost label and for one label only. */
export function isForHost(names: readonly CertificateName[], host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, "");
  const dot = wanted.indexOf(".");
  const wildcard = dot < 0 ? null : `*${wanted.slice(dot)}`;
  return names.some(({ kind, value }) =>
    kind === "dns" && (value === wanted || value === wildcard)
  );
}
