// The local certificate authority on disk, created once, in one step, and never overwritten; and
// the word that stands for it in `--tls-ca`.

import { join } from "node:path";
import type { Authority } from "./authority.ts";
import { DATA_FOLDER_VARIABLE, userDataFolder } from "../files/data_folder.ts";
import { errorText } from "../event.ts";
import { hasFeature } from "../runtime.ts";
import {
  createPrivateFile,
  createPublicFile,
  refuseShared,
  refuseWritableByAll,
} from "../files/private_file.ts";
import { UsageError } from "../usage_error.ts";

export interface KeptAuthority extends Authority {
  readonly dataFolder: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const FOLDER = "authority";
const CERT_FILE = "authority.pem";
const KEY_FILE = "authority.key";

function placesIn(
  dataFolder: string,
): { readonly folder: string; readonly certFile: string; readonly keyFile: string } {
  const folder = join(dataFolder, FOLDER);
  return { folder, certFile: join(folder, CERT_FILE), keyFile: join(folder, KEY_FILE) };
}

/** The local authority; null when none was made yet.
 * @throws {UsageError} when its key can be read by others, or one of its files is missing, damaged
 *   or not the other's
 * @throws {Error} when the folder cannot be read */
export async function loadAuthority(dataFolder: string): Promise<KeptAuthority | null> {
  const { folder, certFile, keyFile } = placesIn(dataFolder);
  try {
    refuseWritableByAll(dataFolder, await Deno.stat(dataFolder));
    refuseShared(folder, await Deno.stat(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    refuseShared(keyFile, await Deno.stat(keyFile));
    const [cert, key] = await Promise.all(
      [certFile, keyFile].map((file) => Deno.readTextFile(file)),
    );
    await refuseDamaged(cert!, key!);
    return { cert: cert!, key: key!, dataFolder, certFile, keyFile };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof DamagedError) {
      const why = error instanceof DamagedError ? error.message : "one of its files is missing";
      throw new UsageError(
        `the local authority in ${folder} cannot be used: ${why}; restore it, or move the folder ` +
          "away and make a new one with: sockdock cert authority",
      );
    }
    throw error;
  }
}

/** The two files do not belong together. */
class DamagedError extends Error {
  override readonly name = "DamagedError";
}

async function refuseDamaged(cert: string, key: string): Promise<void> {
  const { createPrivateKey, X509Certificate } = await import("node:crypto");
  let belongs: boolean;
  try {
    const certificate = new X509Certificate(cert);
    belongs = !hasFeature("keyComparison") || certificate.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new DamagedError(`one of its files is damaged (${errorText(error)})`);
  }
  if (!belongs) throw new DamagedError("its key is not that of its certificate");
}

/** Returns the local authority, and creates it when there is none.
 * @param now milliseconds since the epoch
 * @throws as `loadAuthority`, and {Error} when the folder cannot be written */
export async function openAuthority(
  dataFolder: string,
  now: number,
): Promise<{ readonly authority: KeptAuthority; readonly made: boolean }> {
  const kept = await loadAuthority(dataFolder);
  if (kept !== null) return { authority: kept, made: false };
  const { createAuthority } = await import("./authority.ts");
  const made = await keepAuthority(dataFolder, await createAuthority({ now }));
  const authority = await loadAuthority(dataFolder);
  if (authority === null) throw new Error(`${dataFolder} went away while it was written`);
  return { authority, made };
}

/** Puts both files in their place at once: a folder is renamed in one step, and only when the name
 * is free, so that of two programs that create an authority one wins and neither reads half of
 * one.
 * @returns whether our authority is the one in place now */
async function keepAuthority(dataFolder: string, { cert, key }: Authority): Promise<boolean> {
  const { folder } = placesIn(dataFolder);
  await Deno.mkdir(dataFolder, { recursive: true, mode: 0o700 });
  // The system creates it with mode 0700.
  const temporary = await Deno.makeTempDir({ dir: dataFolder, prefix: `.${FOLDER}-` });
  try {
    await createPrivateFile(join(temporary, KEY_FILE), key);
    await createPublicFile(join(temporary, CERT_FILE), cert);
    await Deno.rename(temporary, folder);
    return true;
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    if (await Deno.stat(folder).then(() => true, () => false)) return false;
    throw error;
  }
}

/** The word that stands for the local authority; a file of that name is `./local`. */
const LOCAL = "local";

/** The file behind a value of `--tls-ca`.
 * @param dataFolder where the local authority is kept
 * @throws {UsageError} when the local authority is meant and there is none, or other users could have
 *   put it there */
export function authorityFile(named: string, dataFolder = userDataFolder()): string {
  if (named !== LOCAL) return named;
  if (dataFolder === null) {
    throw new UsageError(
      `--tls-ca ${LOCAL}: nothing says where the local authority is kept; ` +
        `set ${DATA_FOLDER_VARIABLE} to its folder`,
    );
  }
  const { folder, certFile: file } = placesIn(dataFolder);
  try {
    refuseWritableByAll(dataFolder, Deno.statSync(dataFolder));
    refuseShared(folder, Deno.statSync(folder));
    Deno.statSync(file);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--tls-ca ${LOCAL}: there is no local authority in ${dataFolder}; ` +
        "make one with: sockdock cert authority",
    );
  }
  return file;
}
