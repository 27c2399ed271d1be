// A folder for programs.

import type { Listing } from "./entries.ts";
import { encodeName, isoTime } from "./text.ts";
import type { Located } from "../access/located.ts";

const encoder = new TextEncoder();

/** `{ path, truncated, entries: [{ name, kind, bytes, modified, href }] }`. A folder's bytes are
 * null. */
export function folderJson(
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
