// The identity of a peer by its certificate, and the identities that `--allow-identity` admits.

import type { X509Certificate } from "node:crypto";
import type { Identity } from "../session.ts";
import { UsageError } from "../usage_error.ts";
import type { CertificateFields } from "./fields.ts";
import { parseFingerprint, readFingerprint } from "./fingerprint.ts";
import { type CertificateName, nameType } from "./names.ts";

/** The holder of a certificate. */
export interface CertifiedPeer {
  /** Names in the certificate's order, without addresses: these tell a place, not an identity. */
  readonly names: readonly CertificateName[];
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

export function certifiedPeer(
  { names }: Pick<CertificateFields, "names">,
  { fingerprint256 }: Pick<X509Certificate, "fingerprint256">,
): CertifiedPeer {
  return {
    names: names.filter(({ type }) => type !== "ip"),
    fingerprint: parseFingerprint(fingerprint256)!,
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

/** The identity by which a peer is admitted, or null when it is not. */
export type IdentityList = (peer: CertifiedPeer) => Identity | null;

/** Builds an IdentityList from names and fingerprints. An empty list admits every peer.
 *
 * An entry is compared with names of its own kind only: with `@` it is an e-mail address, with `:`
 * a URI, else a host name. A wildcard in a certificate matches only the same wildcard.
 *
 * @throws {UsageError} when an entry is neither a name nor a fingerprint */
export function createIdentityList(entries: readonly string[]): IdentityList {
  if (entries.length === 0) return identityOf;
  const fingerprints = new Set<string>();
  const names = new Set<string>();
  for (const entry of entries) {
    if (/^sha-?256[:=]/i.test(entry.trim())) {
      fingerprints.add(readFingerprint(
        entry,
        "--allow-identity: expected a SHA-256 of 64 hexadecimal digits after sha256:",
      ));
    } else names.add(keyOf(parseName(entry)));
  }
  return (peer) => {
    const name = peer.names.find((name) => names.has(keyOf(name)));
    // Of several names, the listed one becomes the identity.
    if (name !== undefined) return { ...identityOf(peer), name: name.value };
    return fingerprints.has(peer.fingerprint) ? identityOf(peer) : null;
  };
}

function keyOf({ type, value }: CertificateName): string {
  return `${type} ${value}`;
}

function parseName(entry: string): CertificateName {
  const value = entry.trim();
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new UsageError(
      `--allow-identity: expected a name or sha256:FINGERPRINT, got ${JSON.stringify(entry)}`,
    );
  }
  const type = nameType(value);
  return { type, value: type === "dns" ? value.toLowerCase() : value };
}
