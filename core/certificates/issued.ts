// The cache of certificates that the local authority issued to servers on this machine, so that the
// next start of a server presents the same certificate and need not issue one.

import type { KeptAuthority } from "./authority_folder.ts";
import { createPrivateFile, refuseShared, replaceFile } from "../files/private_file.ts";
import { DAY_MS, type KeyType, toHex } from "./x509.ts";

/** A certificate with the authority's after it, and its key, both PEM. */
interface ServerCertificateAndKey {
  readonly chain: string;
  readonly key: string;
}

/** A cached certificate that expires sooner is replaced: a server may run for a long time. */
const MIN_LEFT_DAYS = 60;
/** Limit of the cache, beyond which the oldest certificates are removed. */
const MAX_KEPT = 64;

/** A certificate for a server with these names: the kept one, or a new one, which is kept where that
 * can be.
 * @param now milliseconds since the epoch
 * @throws {UsageError} when a name cannot stand in a certificate, or the authority has expired */
export async function issuedFor(
  authority: KeptAuthority,
  names: readonly string[],
  now: number,
  keyType: KeyType = "ecdsa",
): Promise<ServerCertificateAndKey> {
  const folder = `${authority.dataFolder}/issued`;
  const file = `${folder}/${await nameOf(authority, names, keyType)}.pem`;
  const kept = await readKept(file, authority, now);
  if (kept !== null) return kept;
  const { issueCertificate } = await import("./issue.ts");
  const { chain, key } = await issueCertificate(authority, { names, now, keyType });
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await replaceFile(file, (temporary) => createPrivateFile(temporary, key + chain));
    await makeRoom(folder);
  } catch {
    // The certificate serves this run even if it could not be cached.
  }
  return { chain, key };
}

/** A file name that differs for every authority, set of names and kind of key. */
async function nameOf(
  { cert }: KeptAuthority,
  names: readonly string[],
  keyType: KeyType,
): Promise<string> {
  const what = new TextEncoder().encode([cert, ...new Set(names)].sort().join("\n"));
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", what))).slice(0, 32);
  return keyType === "ecdsa" ? digest : `${digest}-${keyType}`;
}

/** Reads the cached certificate if it can still be used; any other file is replaced. */
async function readKept(
  file: string,
  { cert }: KeptAuthority,
  now: number,
): Promise<ServerCertificateAndKey | null> {
  try {
    refuseShared(file, await Deno.stat(file));
    const text = await Deno.readTextFile(file);
    const { X509Certificate } = await import("node:crypto");
    const [key = "", ...certificates] =
      text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----\n/g) ?? [];
    const { validFromDate, validToDate } = new X509Certificate(certificates[0] ?? "");
    const authorityEnds = new X509Certificate(cert).validToDate.getTime();
    const enough = Math.min(now + MIN_LEFT_DAYS * DAY_MS, authorityEnds);
    const isUsable = certificates.length === 2 && key.includes("PRIVATE KEY") &&
      validFromDate.getTime() <= now && validToDate.getTime() >= enough && now <= authorityEnds;
    return isUsable ? { chain: certificates.join(""), key } : null;
  } catch {
    return null;
  }
}

async function makeRoom(folder: string): Promise<void> {
  const files: { readonly path: string; readonly at: number }[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile) continue;
    const path = `${folder}/${name}`;
    files.push({ path, at: (await Deno.stat(path)).mtime?.getTime() ?? 0 });
  }
  files.sort((one, other) => other.at - one.at);
  for (const { path } of files.slice(MAX_KEPT)) await Deno.remove(path);
}
