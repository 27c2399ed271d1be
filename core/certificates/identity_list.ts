// Which of the peers that proved who they are may come in: `--allow-identity`.

import { type CertificateName, type CertifiedPeer, identityOf } from "./certificate_names.ts";
import type { Identity } from "../session.ts";
import { UsageError } from "../usage_error.ts";

/** The identity by which a peer is let in, or null when it is not. */
export type IdentityList = (peer: CertifiedPeer) => Identity | null;

/** Builds the decision from names and fingerprints. With an empty list everyone is let in.
 *
 * An entry is compared with names of its own kind only: with `@` it is an e-mail address, with `:` a
 * URI, else a host name. A wildcard in a certificate stands for nobody but itself.
 *
 * @throws {UsageError} when an entry is neither a name nor a fingerprint */
export function createIdentityList(entries: readonly string[]): IdentityList {
  if (entries.length === 0) return identityOf;
  const fingerprints = new Set<string>();
  const names = new Set<string>();
  for (const entry of entries) {
    const digest = /^sha-?256[:=](.*)$/i.exec(entry.trim())?.[1];
    if (digest === undefined) names.add(keyOf(parseName(entry)));
    else fingerprints.add(parseDigest(digest, entry));
  }
  return (peer) => {
    const name = peer.names.find((name) => names.has(keyOf(name)));
    // Of several names, the one by which it came in is the one to show.
    if (name !== undefined) return { ...identityOf(peer), name: name.value };
    return fingerprints.has(peer.fingerprint) ? identityOf(peer) : null;
  };
}

function keyOf({ kind, value }: CertificateName): string {
  return `${kind} ${value}`;
}

function parseName(entry: string): CertificateName {
  const value = entry.trim();
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new UsageError(
      `--allow-identity: expected a name or sha256:FINGERPRINT, got ${JSON.stringify(entry)}`,
    );
  }
  // A URI may have an @ in it, an e-mail address no scheme before it.
  if (/^[a-z][a-z0-9+.-]*:/i.test(value)) return { kind: "uri", value };
  if (value.includes("@")) return { kind: "email", value };
  return { kind: "dns", value: value.toLowerCase() };
}

function parseDigest(digest: string, entry: string): string {
  const hex = digest.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new UsageError(
    `--allow-identity: expected a SHA-256 of 64 hexadecimal digits after sha256:, got "${entry}"; ` +
      `print one with: openssl x509 -in FILE -noout -fingerprint -sha256`,
  );
}
