// Splits the path of a URL into names. A path with any part that could mean something else to a
// file system than it does in a URL is refused here, before the disk is asked.

import { isPlainName } from "../../../core/files/plain_name.ts";

/** More than any real path has. The file system would have to resolve each. */
const MAX_SEGMENTS = 256;

interface PathSegments {
  readonly names: readonly string[];
  /** Whether it ends in a slash, as only that of a folder does. */
  readonly trailingSlash: boolean;
}

/** The decoded names of a path as it was sent, or null when some part of it is no plain name: `.`,
 * `..`, an empty one, one with a slash, a backslash or a NUL inside, bytes that are not UTF-8
 * (also overlong forms), and on Windows every name that this system would read as another one. */
export function pathSegments(
  encodedPath: string,
  windows = Deno.build.os === "windows",
): PathSegments | null {
  if (!encodedPath.startsWith("/")) return null;
  const parts = encodedPath.slice(1).split("/");
  const trailingSlash = parts.at(-1) === "";
  if (trailingSlash) parts.pop();
  if (parts.length > MAX_SEGMENTS) return null;
  const names: string[] = [];
  for (const part of parts) {
    const name = decode(part);
    if (name === null || !isPlainName(name, windows)) return null;
    names.push(name);
  }
  return { names, trailingSlash };
}

/** Decodes once, so that `%252e` stays `%2e`. */
function decode(part: string): string | null {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
