// The folder that is served, and the only way to anything in it. Every path is resolved through all
// its links and must come out inside; whoever opens one compares what was opened with what was
// found, because a link may have taken its place in between.

import { errorText } from "../../../core/event.ts";
import { isPlainName, isTemporaryName } from "../../../core/files/plain_name.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { stateOf } from "./file_state.ts";
import type { FolderEntry, Located } from "./located.ts";
import { pathSegments } from "./path_segments.ts";

const SEPARATOR = Deno.build.os === "windows" ? "\\" : "/";

/** How many entries of a folder are looked at together. */
const ENTRY_BATCH = 64;

/** What a `FileRoot` shows. */
export interface FileRootOptions {
  /** Whether names that begin with a dot can be seen. */
  readonly hidden: boolean;
}

/** A folder and everything in it that may be seen. */
export class FileRoot {
  /** The real path. */
  readonly path: string;
  readonly #hidden: boolean;
  /** What the path of everything inside begins with. */
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
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? "there is no such folder"
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
      // Not stat, which would follow a link that has taken the place of the file meanwhile.
      const info = await Deno.lstat(path);
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

  /** Opens a file for reading; null when it is no longer the one that was found. Whoever calls
   * closes it.
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
      const info = await opened.stat();
      const isSame = info.isFile && info.dev === file.device && (info.ino ?? 0) === file.inode;
      // A link that has taken the place of a folder above leads to another path.
      if (isSame && await Deno.realPath(file.path) === file.path) return { file: opened, info };
    } catch (error) {
      opened.close();
      if (isAbsence(error)) return null;
      throw error;
    }
    opened.close();
    return null;
  }

  /** What is in a folder, in no order. Hidden names, links that lead outside or nowhere, and what is
   * neither file nor folder are left out; nothing is opened.
   * @throws {Deno.errors.PermissionDenied} when the system does not allow it
   * @throws {Error} when the system fails otherwise */
  async *entries(folder: Located): AsyncIterable<FolderEntry> {
    let batch: Promise<FolderEntry | null>[] = [];
    const found = async () => {
      const entries = await Promise.all(batch);
      batch = [];
      // A link that took the folder's place would have led the reading elsewhere.
      const { isDirectory, dev, ino } = await Deno.lstat(folder.path);
      const isSame = isDirectory && dev === folder.device && (ino ?? 0) === folder.inode;
      return isSame ? entries : [];
    };
    for await (const entry of Deno.readDir(folder.path)) {
      if (!this.#isVisible(entry.name) || !isPlainName(entry.name)) continue;
      if (!entry.isFile && !entry.isDirectory && !entry.isSymlink) continue;
      batch.push(this.#entry(folder, entry));
      if (batch.length < ENTRY_BATCH) continue;
      for (const one of await found()) if (one !== null) yield one;
    }
    for (const one of await found()) if (one !== null) yield one;
  }

  /** Where a file of this path would come to lie: its folder, which is there, and its name. Null
   * when there is no such folder, or the name is not fit for a file. Whether it exists already is
   * not looked at. */
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

  /** Whether a file of this name may be made: one plain name, visible, and without control
   * characters, which no person could type or read. */
  acceptsName(name: string): boolean {
    // deno-lint-ignore no-control-regex
    return isPlainName(name) && this.#isVisible(name) && !/[\x00-\x1f\x7f]/.test(name);
  }

  async #entry(folder: Located, entry: Deno.DirEntry): Promise<FolderEntry | null> {
    const prefix = folder.path.endsWith(SEPARATOR) ? folder.path : folder.path + SEPARATOR;
    let path = prefix + entry.name;
    try {
      if (entry.isSymlink) path = await Deno.realPath(path);
      if (!this.#contains(path)) return null;
      const info = await Deno.lstat(path);
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
    if (!name.startsWith(".")) return true;
    return this.#hidden && !isTemporaryName(name);
  }

  /** Whether a real path is inside and none of its names below the root is hidden, by whatever other
   * name it was reached: a link, or the short names of Windows. */
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

/** Errors that mean no more than that nothing is there for whoever asks. */
function isAbsence(error: unknown): boolean {
  if (
    error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable
  ) return true;
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return code === "ENAMETOOLONG" || code === "EILSEQ";
}
