// The folder that is served; every access to what is in it goes through this class. A path is
// resolved through all its links and has to lie inside. What is then found there, read or stored
// goes by paths that allow no further link, because one may have taken the place of a folder in
// between.

import { errorText } from "../../../core/event.ts";
import { LinklessPaths, pathIn } from "../../../core/files/linkless_paths.ts";
import { isHiddenName, isPlainName, isTemporaryName } from "../../../core/files/plain_name.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { stateOf } from "./file_state.ts";
import type { FolderEntry, Located } from "./located.ts";
import { pathSegments } from "./path_segments.ts";

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** Number of entries of a folder that are read together. */
const ENTRY_BATCH = 64;

interface FileRootOptions {
  /** Whether names that begin with a dot can be seen. */
  readonly hidden: boolean;
  /** Whether what is in the folder is shown, for which it has to be read. Default: false. */
  readonly listed?: boolean;
}

/** Looks for a name in a folder, which may not be done where the folder may not be entered. */
async function enter(folder: string): Promise<void> {
  try {
    // The runtime leaves `.` out of a path.
    await Deno.lstat(`${folder}${SEPARATOR}.sockdock`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const REMEDY = "; --no-listing --no-archive serves those files in it whose names are known";

export class FileRoot {
  /** The real path. */
  readonly path: string;
  /** The paths by which anything here is changed. */
  readonly linkless = LinklessPaths.open();
  readonly #hidden: boolean;
  /** The beginning of every path inside, with the separator. */
  readonly #prefix: string;

  private constructor(path: string, { hidden }: FileRootOptions) {
    this.path = path;
    this.#hidden = hidden;
    this.#prefix = path.endsWith(SEPARATOR) ? path : path + SEPARATOR;
  }

  /** @throws {UsageError} when there is no such folder, or it cannot be read */
  static async open(path: string, options: FileRootOptions): Promise<FileRoot> {
    let real: string;
    try {
      real = await Deno.realPath(path);
      if (!(await Deno.stat(real)).isDirectory) throw new Error("it is a file; name its folder");
      // A folder that may not be used would refuse every request, one by one.
      await enter(real);
      if (options.listed && Deno.build.os !== "windows") (await Deno.open(real)).close();
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? "there is no such folder"
        : error instanceof Deno.errors.PermissionDenied
        ? `it may not be read${options.listed ? REMEDY : ""}`
        : errorText(error);
      throw new UsageError(`Cannot serve the folder ${JSON.stringify(path)}: ${why}`);
    }
    return new FileRoot(real, options);
  }

  /** The file or folder that a URL's path leads to, or null: not there, hidden, outside, malformed,
   * neither file nor folder, or a file whose path ends in a slash. A folder is found with its slash
   * and without.
   * @throws {Error} when the system fails otherwise, as when it runs out of descriptors */
  async locate(encodedPath: string): Promise<Located | null> {
    const segments = pathSegments(encodedPath);
    if (segments === null || !segments.names.every((name) => this.#isVisible(name))) return null;
    const { names, trailingSlash } = segments;
    try {
      const path = await Deno.realPath(this.#prefix + names.join(SEPARATOR));
      if (!this.#contains(path)) return null;
      const info = await this.linkless.lstat(path);
      if (info.isFile ? trailingSlash : !info.isDirectory) return null;
      const ending = info.isFile || names.length === 0 ? "" : "/";
      return {
        ...describe(info),
        path,
        urlPath: `/${names.join("/")}${ending}`,
        device: info.dev,
        inode: info.ino ?? 0,
      };
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /** Opens a file for reading; null when it is no longer the one that was found. The caller closes
   * it.
   * @throws {Deno.errors.PermissionDenied} when the system does not allow it
   * @throws {Error} when the system fails otherwise */
  async openFile(file: Located): Promise<{ file: Deno.FsFile; info: Deno.FileInfo } | null> {
    let opened: Deno.FsFile;
    try {
      opened = await Deno.open(file.path, { read: true });
    } catch (error) {
      if (isAbsence(error) && !(error instanceof Deno.errors.PermissionDenied)) return null;
      throw error;
    }
    try {
      const info = opened.statSync();
      const isSame = info.isFile && info.dev === file.device && (info.ino ?? 0) === file.inode;
      // While it is open, no other file can have its inode.
      if (isSame && await this.linkless.isAt(file.path, info)) return { file: opened, info };
    } catch (error) {
      opened.close();
      if (isAbsence(error)) return null;
      throw error;
    }
    opened.close();
    return null;
  }

  /** The entries of a folder, in no order. Hidden names, links that lead outside or nowhere, and
   * entries that are neither file nor folder are left out; no file is opened.
   * @throws {Deno.errors.NotFound} when it is gone
   * @throws {Deno.errors.PermissionDenied} when the system does not allow it
   * @throws {Error} when the system fails otherwise */
  async *entries(folder: Located): AsyncIterable<FolderEntry> {
    let batch: Promise<FolderEntry | null>[] = [];
    const found = async () => {
      const entries = await Promise.all(batch);
      batch = [];
      return entries.filter((entry) => entry !== null);
    };
    for await (const entry of this.#names(folder)) {
      if (!this.#isVisible(entry.name) || !isPlainName(entry.name)) continue;
      if (!entry.isFile && !entry.isDirectory && !entry.isSymlink) continue;
      batch.push(this.#entry(folder, entry));
      if (batch.length >= ENTRY_BATCH) yield* await found();
    }
    yield* await found();
  }

  /** The folder and the name of a file that is to be stored at this path. Null when there is no
   * such folder, or no file can have the name. Whether the file exists already is not checked. */
  async newFile(
    encodedPath: string,
  ): Promise<{ readonly folder: Located; readonly name: string } | null> {
    const segments = pathSegments(encodedPath);
    if (segments === null || segments.trailingSlash) return null;
    const name = segments.names.at(-1);
    if (name === undefined || !this.acceptsName(name)) return null;
    const folder = await this.locate(encodedPath.slice(0, encodedPath.lastIndexOf("/") + 1));
    return folder?.kind === "folder" ? { folder, name } : null;
  }

  /** Whether a file of this name may be stored: one plain name, visible, and without control
   * characters, which cannot be typed or read. */
  acceptsName(name: string): boolean {
    // deno-lint-ignore no-control-regex
    return isPlainName(name) && this.#isVisible(name) && !/[\x00-\x1f\x7f]/.test(name);
  }

  async *#names({ path }: Located): AsyncIterable<Deno.DirEntry> {
    try {
      yield* Deno.readDir(this.linkless.of(path));
    } catch (error) {
      // Another thing may have taken its place.
      const { FilesystemLoop, NotADirectory, NotFound } = Deno.errors;
      const isGone = error instanceof FilesystemLoop || error instanceof NotADirectory;
      throw isGone ? new NotFound(`${path} is gone`, { cause: error }) : error;
    }
  }

  async #entry(folder: Located, entry: Deno.DirEntry): Promise<FolderEntry | null> {
    let path = pathIn(folder.path, entry.name);
    try {
      if (entry.isSymlink) path = await Deno.realPath(path);
      if (!this.#contains(path)) return null;
      const info = await this.linkless.lstat(path);
      if (!info.isFile && !info.isDirectory) return null;
      return {
        ...describe(info),
        name: entry.name,
        path,
        device: info.dev,
        inode: info.ino ?? 0,
      };
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  #isVisible(name: string): boolean {
    if (!isHiddenName(name)) return true;
    return this.#hidden && !isTemporaryName(name);
  }

  /** Whether a real path lies inside and none of its names below the root is hidden. The path of
   * the request does not show that: a link or a short name of Windows leads to hidden names too. */
  #contains(path: string): boolean {
    if (path === this.path) return true;
    if (!path.startsWith(this.#prefix)) return false;
    return path.slice(this.#prefix.length).split(SEPARATOR).every((name) => this.#isVisible(name));
  }
}

function describe(
  info: Deno.FileInfo,
): Pick<Located, "kind" | "bytes" | "modifiedMs" | "changedMs"> {
  return { kind: info.isFile ? "file" : "folder", ...stateOf(info) };
}

/** Whether an error means that the client can reach nothing at this path. */
function isAbsence(error: unknown): boolean {
  if (
    error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) return true;
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return code === "ENAMETOOLONG" || code === "EILSEQ";
}
