// Loads a TLS or DTLS server's certificate: from files, from the local authority, or self-signed.

import type { KeyObject } from "node:crypto";
import { isUnspecified, ownAddresses } from "../../core/addresses/own_addresses.ts";
import { fingerprintOf } from "../../core/certificates/fingerprint.ts";
import { MAX_NAMES } from "../../core/certificates/names.ts";
import type { KeyType } from "../../core/certificates/x509.ts";
import { errorText, type Tell } from "../../core/event.ts";
import { shownFile } from "../../core/files/file_or_text.ts";
import { hasFeature } from "../../core/runtime.ts";
import { type TlsFilePair, tlsFilePairs } from "../../core/tls/options.ts";
import { readPairKey, readTlsFilePair, refuseForeignKey } from "../../core/tls/file_pairs.ts";
import type { TlsFiles } from "./options.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The certificate of a server, and its private key. */
export interface TlsIdentity {
  /** PEM, the server's own certificate first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Made on the spot, so that no client knows it yet. */
  readonly made: boolean;
}

export interface IdentityContext {
  /** The listening host, for which a certificate is made. */
  readonly host: string;
  readonly emit: Tell | undefined;
  readonly now: () => number;
  /** The kinds of key of the certificates that are issued or made where none is named, the preferred
   * one first. Default: ECDSA alone. */
  readonly keyTypes?: readonly [KeyType, ...KeyType[]];
}

/** Loads every certificate, the default first.
 * @throws {UsageError} when the files cannot be used, naming the one at fault and the remedy */
export async function loadTlsIdentities(
  files: TlsFiles,
  context: IdentityContext,
): Promise<[TlsIdentity, ...TlsIdentity[]]> {
  const [first, ...others] = tlsFilePairs(files);
  if (first === undefined) {
    const [keyType, ...more] = context.keyTypes ?? ["ecdsa"];
    const identities: [TlsIdentity, ...TlsIdentity[]] = [await make(files, context, keyType)];
    for (const another of more) identities.push(await make(files, context, another));
    return identities;
  }
  const identities: [TlsIdentity, ...TlsIdentity[]] = [await load(first, context)];
  for (const pair of others) identities.push(await load(pair, context));
  return identities;
}

/** Loads the default certificate alone. Otherwise as `loadTlsIdentities`. */
export async function loadTlsIdentity(
  files: TlsFiles,
  context: IdentityContext,
): Promise<TlsIdentity> {
  const [pair] = tlsFilePairs(files);
  return pair === undefined ? await make(files, context, "ecdsa") : await load(pair, context);
}

/** A certificate that the local authority in the data folder issues, or, where there is no such
 * folder, that is made on the spot. */
async function make(
  { dataFolder }: TlsFiles,
  { host, now }: IdentityContext,
  keyType: KeyType,
): Promise<TlsIdentity> {
  const names = namesOf(host);
  const issued = dataFolder === undefined
    ? null
    : await issueLocally(dataFolder, names, now(), keyType);
  if (issued !== null) {
    return { ...issued, fingerprint: await fingerprintOf(issued.cert), made: false };
  }
  const { makeCertificate } = await import("../../core/certificates/self_signed.ts");
  const made = await makeCertificate(names, now(), keyType);
  return { ...made, fingerprint: await fingerprintOf(made.cert), made: true };
}

/** Reads and checks a pair of files. A certificate that is out of date is a notice only: a test may
 * want to see clients refuse it. */
async function load(pair: TlsFilePair, { emit, now }: IdentityContext): Promise<TlsIdentity> {
  const texts = await readTlsFilePair(pair);
  const { tlsCert, cert, key, certificate } = texts;
  // On a runtime without this comparison Deno.listenTls serves, which makes its own.
  if (hasFeature("keyComparison")) {
    const parsed = await readPairKey(texts);
    refuseUnusable(parsed, texts.tlsKey);
    refuseForeignKey(texts, parsed);
  }
  const notice = outOfDate(certificate, now());
  if (notice !== null) emit?.({ event: "notice", text: `the certificate in ${tlsCert} ${notice}` });
  return { cert, key, fingerprint: await fingerprintOf(cert), made: false };
}

const KEYS = "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more";
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

/** Refuses a key of a kind that one of Deno's two implementations of TLS cannot sign with. */
function refuseUnusable(key: KeyObject, file: string): void {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  const isUsable = kind === "ed25519" || (kind === "rsa" && modulusLength >= 2048) ||
    (kind === "ec" && CURVES.includes(namedCurve));
  if (isUsable) return;
  const details = namedCurve || modulusLength || "";
  throw new UsageError(
    `--tls-key: the key in ${file} is of a kind that cannot be used here: ` +
      `${`${kind} ${details}`.trim()}; ${KEYS}`,
  );
}

/** The user's error behind what Deno.listenTls threw; null if it was not about these files. */
export function identityError(error: unknown, files: TlsFiles): UsageError | null {
  const shown = (given: TlsFiles["tlsCert"]) => [given ?? []].flat().map(shownFile).join(", ");
  const why = errorText(error);
  const isOurs = error instanceof Deno.errors.InvalidData || /\b(key|certificate)/i.test(why);
  if (!isOurs) return null;
  return new UsageError(
    `--tls-key: the key in ${shown(files.tlsKey)} cannot be used with the certificate in ` +
      `${shown(files.tlsCert)} (${why}); ${KEYS}`,
  );
}

function outOfDate(
  { validFromDate, validToDate }: { readonly validFromDate: Date; readonly validToDate: Date },
  now: number,
): string | null {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (now > validToDate.getTime()) return `expired on ${day(validToDate)}; clients will refuse it`;
  return now < validFromDate.getTime()
    ? `is not valid before ${day(validFromDate)}; clients will refuse it`
    : null;
}

/** A certificate for these names from the authority in a data folder, the authority's after it; null
 * when there is no authority yet.
 * @throws {UsageError} when there is an authority that must not be used: others can read its key, it
 *   is damaged or has expired */
async function issueLocally(
  dataFolder: string,
  names: readonly string[],
  now: number,
  keyType: KeyType,
): Promise<{ readonly cert: string; readonly key: string } | null> {
  const [{ loadAuthority }, { issuedFor }] = await Promise.all([
    import("../../core/certificates/authority_folder.ts"),
    import("../../core/certificates/issued.ts"),
  ]);
  const authority = await loadAuthority(dataFolder);
  if (authority === null) return null;
  // A machine with very many addresses is better served by a part of them than not at all.
  const { chain, key } = await issuedFor(authority, names.slice(0, MAX_NAMES), now, keyType);
  return { cert: chain, key };
}

/** The names that clients may use for a listening host, the other names of loopback included. */
function namesOf(host: string): string[] {
  const loopback = ["localhost", "127.0.0.1", "::1"];
  // Without the permission to know them, its addresses are left out.
  if (isUnspecified(host)) return [...loopback, ...ownAddresses() ?? []];
  return [host, ...loopback];
}
