// The response with a folder as one archive. Nothing is kept on the disk and little in memory: the
// archive is made as the client reads it.

import { plainResponse } from "../../../core/http/plain_response.ts";
import { archiveStream } from "./stream.ts";
import { TransferSlots } from "../../../core/files/transfer_slots.ts";
import { ArchiveLimitError, walkFolder, type WalkLimits } from "./walk.ts";
import type { Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";
import { tar } from "./tar.ts";
import { zip } from "./zip.ts";

type ArchiveFormat = keyof typeof FORMATS;

const FORMATS = {
  zip: { make: zip, contentType: "application/zip" },
  tar: { make: tar, contentType: "application/x-tar" },
} as const;

interface ArchiveLimits extends WalkLimits {
  /** Limit of the archives of one root that are made at the same time. */
  readonly maxArchives: number;
  /** Time for which a client may read nothing before its archive is ended. */
  readonly stallTimeoutMs: number;
}

const LIMITS: ArchiveLimits = {
  maxEntries: 100_000,
  maxDepth: 64,
  maxArchives: 4,
  stallTimeoutMs: 60_000,
};

/** Time after which an archive that nobody takes gives way to others, if all places are taken. */
const STALLED_MS = 5000;

const slotsOf = new WeakMap<FileRoot, TransferSlots>();

/** Answers with the folder and everything in it. A folder that holds too much gets 403 and one
 * sentence, before the first byte; while as many archives as are allowed are being made, 503. */
export async function archiveResponse(
  request: Request,
  folder: Located,
  format: ArchiveFormat,
  root: FileRoot,
  limits: ArchiveLimits = LIMITS,
): Promise<Response> {
  const { make, contentType } = FORMATS[format];
  const name = folderName(folder);
  const headers = {
    "content-type": contentType,
    "content-disposition": attachment(`${name}.${format}`),
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  };
  const slots = slotsOf.get(root) ?? new TransferSlots(limits.maxArchives, STALLED_MS);
  slotsOf.set(root, slots);
  const giveWay = new AbortController();
  const slot = slots.take(() => giveWay.abort(new Error("others were waiting for this archive")));
  if (slot === null) {
    return plainResponse(503, "Too many folders are being downloaded; try again soon.", {
      "retry-after": "5",
    });
  }
  try {
    const refusal = await refusalOf(folder, root, limits);
    if (refusal !== null) {
      slot[Symbol.dispose]();
      return refusal;
    }
    if (request.method === "HEAD") {
      slot[Symbol.dispose]();
      return new Response(null, { headers });
    }
    const pieces = make(walkFolder(folder, name, root, limits));
    const { stallTimeoutMs } = limits;
    const stream = archiveStream(pieces, { stallTimeoutMs, slot, signal: giveWay.signal });
    return new Response(stream, { headers });
  } catch (error) {
    slot[Symbol.dispose]();
    throw error;
  }
}

/** Walks the folder once without reading any file: once the archive has begun, a limit could only
 * cut it off, without a word. */
async function refusalOf(
  folder: Located,
  root: FileRoot,
  limits: WalkLimits,
): Promise<Response | null> {
  try {
    for await (const _ of walkFolder(folder, "", root, limits)) {
      // The walk throws when it meets a limit.
    }
    return null;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      return plainResponse(403, "This folder may not be read.");
    }
    if (!(error instanceof ArchiveLimitError)) throw error;
    return plainResponse(403, `${error.message}; download the folders in it one by one.`);
  }
}

/** The folder's name in the URL, or that of the root on the disk. */
function folderName({ urlPath, path }: Located): string {
  return urlPath.split("/").at(-2) || path.split(/[/\\]/).at(-1) || "files";
}

/** A Content-Disposition header's value (RFC 6266): the name in UTF-8 (RFC 8187), and before it one
 * for readers that know only ASCII. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%/\\]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
