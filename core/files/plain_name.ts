// Checks of file names that a peer sent: a plain name means the same file to every file system.

/** The longest name that common file systems have, in bytes. */
const MAX_NAME_BYTES = 255;

const encoder = new TextEncoder();

/** Prefixes of files that are being received, by an upload over HTTP and by an inbox. */
export const UPLOAD_PREFIX = ".sockdock-upload-";
export const PARTIAL_PREFIX = ".sockdock-partial-";

/** Whether a name stands for a file of exactly this name in any folder. */
export function isPlainName(name: string, windows = Deno.build.os === "windows"): boolean {
  if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) return false;
  // A lone surrogate would be written as another character, and so could meet another file.
  if (!name.isWellFormed() || isLongerThan(name, MAX_NAME_BYTES)) return false;
  return !windows || !isSpecialOnWindows(name);
}

/** Whether a name is that of a file that is being received, even on a file system that ignores case
 * or invisible characters. Such files are never listed or served. */
export function isTemporaryName(name: string): boolean {
  const seen = name.replace(/\p{Cf}/gu, "").normalize("NFKC").toLowerCase();
  return seen.startsWith(UPLOAD_PREFIX) || seen.startsWith(PARTIAL_PREFIX);
}

/** The reason that a name cannot be read or typed, to complete "The name ... "; null when it can. */
export function unreadable(name: string): string | null {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return "holds a control character";
  if (/\p{Bidi_Control}/u.test(name)) return "holds a character that hides its order";
  return null;
}

/** Whether Windows opens a device by this name, in any folder and with any extension. */
export function isDeviceOnWindows(name: string): boolean {
  return /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ]|$)/i.test(name);
}

/** Windows drops dots and spaces at the end, and reads a colon as a stream or drive. */
function isSpecialOnWindows(name: string): boolean {
  // deno-lint-ignore no-control-regex
  return /[. ]$|[<>:"|?*\x00-\x1f]/.test(name) || isDeviceOnWindows(name);
}

function isLongerThan(name: string, bytes: number): boolean {
  return name.length > bytes || (name.length * 3 > bytes && encoder.encode(name).length > bytes);
}
