// The file in which `sockdock fetch` writes a body: the name that was given, the end of the URL, or
// the server's proposal (RFC 6266). A name from the network never leads out of the folder and is
// never hidden.

import { isDeviceOnWindows } from "../../core/files/plain_name.ts";
import { flag, type OptionValues, text } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { printable } from "../terminal/printable.ts";

export const outputOptions = {
  output: text({
    short: "o",
    metavar: "file",
    help: "write the body to this file, - for stdout; in a folder, under the name that the URL " +
      "ends in",
  }),
  remoteName: flag({
    short: "O",
    help: "write the body to a file of the name that the URL ends in",
    negatable: false,
  }),
  remoteHeaderName: flag({
    short: "J",
    help: "prefer the name that the server proposes (Content-Disposition); an existing file is " +
      "left alone",
    negatable: false,
  }),
  continue: flag({
    short: "C",
    help: "keep what came when a download breaks off, as FILE.part, and go on from there next " +
      "time, unless the file has changed",
    negatable: false,
  }),
} as const;

const MAX_NAME_BYTES = 200;

/** The path to write to; undefined for stdout.
 *
 * @param disposition the value of Content-Disposition; null when there is none, undefined before
 * the server was asked
 * @throws {UsageError} when neither the URL nor the server names a file */
export async function outputPath(
  { output, remoteName, remoteHeaderName }: OptionValues<typeof outputOptions>,
  url: string,
  disposition: string | null | undefined,
): Promise<string | undefined> {
  if (output !== undefined && remoteName) {
    throw new UsageError("--output and --remote-name exclude each other; give one");
  }
  if (output === "") throw new UsageError("--output: expected the name of a file, got none");
  if (output === undefined && !remoteName && !remoteHeaderName) return undefined;
  if (output === "-" && !remoteHeaderName) return undefined;
  const isFolder = output === undefined || output.endsWith("/") || await isDirectory(output);
  if (!isFolder) {
    if (!remoteHeaderName) return output;
    throw new UsageError(`--remote-header-name names the file; ${output} is no folder`);
  }
  const folder = output === undefined ? "" : output.endsWith("/") ? output : `${output}/`;
  const proposed = remoteHeaderName ? proposedName(disposition ?? "") : undefined;
  const name = proposed ?? nameInUrl(url);
  if (name === undefined) {
    if (remoteHeaderName && disposition === undefined) return folder;
    throw new UsageError(`the URL ${url} ends in no name for a file; name one with -o FILE`);
  }
  return folder + name;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    // Writing the file reports the error.
    return false;
  }
}

/** The last segment of a URL's path, if it is valid for a file. */
export function nameInUrl(url: string): string | undefined {
  const segment = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  try {
    return safeName(decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}

/** The name in a Content-Disposition field (RFC 6266), if it is valid for a file. Of a path only
 * the last part counts (4.3). */
export function proposedName(disposition: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*UTF-8'[^']*'([^\s;"]+)/i.exec(disposition)?.[1];
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition);
  const candidates = [
    extended === undefined ? undefined : decoded(extended),
    plain?.[1]?.replace(/\\(.)/g, "$1") ?? plain?.[2],
  ];
  for (const candidate of candidates) {
    const name = safeName(candidate?.split(/[/\\]/).at(-1) ?? "");
    if (name !== undefined) return name;
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Returns a name that stays in its folder, is visible there and is a file to every program: no
 * path, no leading dot, no dash that would make it an option (`rm *` with a file `-rf`), no
 * characters that a terminal or Windows interprets. */
function safeName(name: string): string | undefined {
  if (name === "" || /^[.-]|[/\\:*?"<>|]/.test(name) || printable(name) !== name) return undefined;
  if (/[. ]$/.test(name) || isDeviceOnWindows(name)) return undefined;
  return new TextEncoder().encode(name).length > MAX_NAME_BYTES ? undefined : name;
}
