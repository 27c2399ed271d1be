// The response with a folder's listing: a page for browsers, JSON for programs.

import { plainResponse } from "../../../core/http/plain_response.ts";
import { acceptedCodings } from "../../request/codings.ts";
import { acceptsType } from "../../request/accepts_type.ts";
import { cachedListing } from "./cache.ts";
import { type Listing, MAX_LISTED, readListing, type SortOrder, sortOrder } from "./entries.ts";
import { encodeName, isoTime } from "./text.ts";
import type { Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

export interface ListingSettings {
  /** Whether files may be sent to it. */
  readonly upload: boolean;
  /** Whether it may be downloaded as a whole. */
  readonly archive: boolean;
  /** Whether a file that is sent replaces one of the same name. @default false */
  readonly overwrite?: boolean;
  /** The largest file that may be sent. @default Infinity */
  readonly maxUploadBytes?: number;
  /** Whether uploading takes a name and a password. */
  readonly asksPassword?: boolean;
  /** Limit of the entries shown. @default 10,000 */
  readonly maxEntries?: number;
  /** The clock of the cache. @default Date.now */
  readonly now?: () => number;
}

/** Answers with the page, or with JSON when `?json` or the Accept header asks for it. The request's
 * path has to end in a slash, for the links to be right. */
export async function listingResponse(
  request: Request,
  folder: Located,
  root: FileRoot,
  settings: ListingSettings,
): Promise<Response> {
  const { url } = request;
  const question = url.indexOf("?");
  const query = new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
  const order = sortOrder(query);
  const json = query.has("json") || acceptsType(request, "application/json");
  const maxEntries = settings.maxEntries ?? MAX_LISTED;
  const make = async (): Promise<Uint8Array<ArrayBuffer>> => {
    const listing = await readListing(folder, root, order, maxEntries);
    if (json) return folderJson(folder, listing);
    const { folderPage } = await import("./page.ts");
    return folderPage({ folder, listing, order, ...settings });
  };
  try {
    const key = keyOf(folder, order, json, settings);
    const nowMs = (settings.now ?? Date.now)();
    const plain = await cachedListing(root, key, folder, nowMs, make);
    const headers = json ? JSON_HEADERS : await pageHeadersOf();
    const codings = acceptedCodings(request.headers.get("accept-encoding"));
    if (plain.length < MIN_COMPRESSED_BYTES || !codings.includes("gzip")) {
      return new Response(plain, { headers });
    }
    const body = await cachedListing(root, `${key} gzip`, folder, nowMs, () => gzipped(plain));
    return new Response(body, { headers: { ...headers, "content-encoding": "gzip" } });
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      return plainResponse(403, "This folder may not be read.");
    }
    // The folder was removed since it was located.
    if (error instanceof Deno.errors.NotFound) return plainResponse(404, "Not Found");
    throw error;
  }
}

/** Below this, compressing saves no packet. */
const MIN_COMPRESSED_BYTES = 1024;

const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-cache",
  "vary": "accept, accept-encoding",
  "x-content-type-options": "nosniff",
} as const;

async function pageHeadersOf(): Promise<Readonly<Record<string, string>>> {
  const { pageHeaders } = await import("./page.ts");
  return await pageHeaders();
}

/** Compresses at the fastest level, because it runs on the thread that answers all requests. Rows
 * are so much alike that a tenth is left all the same. */
async function gzipped(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { gzipSync } = await import("node:zlib");
  return new Uint8Array(gzipSync(plain, { level: 1 }));
}

/** The key of a listing. It has the path, because a folder may be reached by several, and the page
 * shows it. */
function keyOf(
  { urlPath }: Located,
  { column, descending }: SortOrder,
  json: boolean,
  settings: ListingSettings,
): string {
  const { upload, asksPassword, archive, overwrite, maxUploadBytes, maxEntries } = settings;
  const page = json
    ? "json"
    : `${upload} ${asksPassword} ${archive} ${overwrite} ${maxUploadBytes}`;
  return `${page} ${maxEntries} ${column} ${descending} ${urlPath}`;
}

const encoder = new TextEncoder();

/** A listing as `{ path, truncated, entries: [{ name, kind, bytes, modified, href }] }`. The bytes
 * of a folder are null. */
function folderJson(
  { urlPath }: Located,
  { entries, truncated }: Listing,
): Uint8Array<ArrayBuffer> {
  const shown = entries.map(({ name, kind, bytes, modifiedMs }) => ({
    name,
    kind,
    bytes: kind === "file" ? bytes : null,
    modified: isoTime(modifiedMs),
    href: `./${encodeName(name)}${kind === "folder" ? "/" : ""}`,
  }));
  return encoder.encode(`${JSON.stringify({ path: urlPath, truncated, entries: shown })}\n`);
}
