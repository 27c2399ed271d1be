// Entity tags (RFC 9110 8.8.3). All are strong: each coding has its own tag, and no two states of a
// file share one.

import type { Coding } from "../../request/codings.ts";
import type { Located } from "../access/located.ts";

/** 128 bits, which no two files share by chance. */
const HASH_BYTES = 16;

/** The tag of content that was read whole: its hash, so that it stands for exactly these bytes. */
export async function contentTag(
  content: Uint8Array<ArrayBuffer>,
  coding: Coding | null,
): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content), 0, HASH_BYTES);
  const text = btoa(String.fromCharCode(...hash)).replace(/\+/g, "-").replace(/\//g, "_").replace(
    /=+$/,
    "",
  );
  return quoted(text, coding);
}

/** The tag of a file that is too large to be read for it: its identity, its size and its time of
 * modification in milliseconds. Two states share it only when the file was written twice, in place
 * and to the same size, within one tick of the system's clock or with its time set back. The ctime,
 * which cannot be set back, is not part of it: adding or removing a hard link, as at the end of an
 * upload, changes the ctime of the same content. */
export function fileTag(
  { device, inode, bytes, modifiedMs }: Pick<
    Located,
    "device" | "inode" | "bytes" | "modifiedMs"
  >,
  coding: Coding | null,
): string {
  return quoted(
    [device, inode, bytes, modifiedMs].map((part) => part.toString(36)).join("-"),
    coding,
  );
}

function quoted(text: string, coding: Coding | null): string {
  return `"${text}${coding === null ? "" : `.${coding}`}"`;
}
