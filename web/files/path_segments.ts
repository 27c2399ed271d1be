// From the path of a URL to the names it is made of. Everything that could mean something else to a
// file system than it does in a URL ends here, before any file is looked at.

/** The longest name that common file systems have, in bytes. */
const MAX_NAME_BYTES = 255;

/** More than any real path has: the file system would have to be asked about each. */
const MAX_SEGMENTS = 256;

const encoder = new TextEncoder();

/** The names a path is made of. */
export interface PathSegments {
  readonly names: readonly string[];
  /** Whether it ends in a slash, as only that of a folder does. */
  readonly trailingSlash: boolean;
}

/** The decoded names of a path as it was sent, or null when some part of it is no plain name: `.`,
 * `..`, an empty one, one with a slash, a backslash or a NUL inside, bytes that are not UTF-8 (also
 * overlong forms), and on Windows whatever that system would read as something else. */
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

/** Whether a name means itself in any folder, and nothing else. */
export function isPlainName(name: string, windows = Deno.build.os === "windows"): boolean {
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) return false;
  // A lone surrogate would be written as another character, and so could meet another file.
  if (!name.isWellFormed() || isLongerThan(name, MAX_NAME_BYTES)) return false;
  return !windows || !isSpecialOnWindows(name);
}

/** Windows drops dots and spaces at the end, reads a colon as a stream or drive, and opens devices
 * by name in every folder, whatever extension the name has. */
function isSpecialOnWindows(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[. ]$|[<>:"|?*\x00-\x1f]/.test(name) ||
    /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ]|$)/i.test(name);
}

function isLongerThan(name: string, bytes: number): boolean {
  return name.length > bytes || (name.length * 3 > bytes && encoder.encode(name).length > bytes);
}

/** Once, so that `%252e` stays `%2e`. */
function decode(part: string): string | null {
  if (!part.includes("%")) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
