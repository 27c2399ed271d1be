// Paths that are resolved through no symbolic link, for folders in which others may rename: between
// a check of a path and its use a link can take the place of any folder on the way. The flag of
// openat2 for this, RESOLVE_NO_SYMLINKS, cannot be had from here. But POSIX lets a system give up
// (ELOOP) after a number of links in one path, 40 on Linux and 32 on macOS. A path that begins with
// so many of our own, which lead nowhere else, has none left: the system itself refuses the next
// link, in the same step in which it does the work.
//
// Deno resolves a path before it opens a file, so opening is no such step: what was opened has to
// be compared with what `lstat` finds. All else takes the path as it is.

import { dirname } from "node:path";

/** More links than any system allows in a path. */
const MAX_LINKS = 64;

/** The beginning of the name of a folder of links. */
const PREFIX = "sockdock-links-";

/** How often our folder of links is looked after: programs clean the folder for temporary files. */
const CHECK_EVERY_MS = 1000;

/** How often the removal of a file is tried when its folder is not to be found. */
const REMOVALS = 20;

/** Our links in a folder for temporary files. */
interface Links {
  readonly folder: string;
  readonly uid: number | null;
  /** What a path begins with. */
  readonly prefix: string;
  /** The permissions that a new file gets here. */
  readonly fileMode: number;
}

interface LinklessPathsOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** @default that of the system */
  readonly temporaryFolder?: string;
}

/** Makes paths that lead through no link. */
export class LinklessPaths {
  /** Undefined where there are no links, or none may be made. */
  #links: Links | undefined;
  readonly #options: LinklessPathsOptions;
  #checkedMs: number;

  private constructor(options: LinklessPathsOptions) {
    this.#links = makeLinks(options);
    this.#options = options;
    this.#checkedMs = options.now();
  }

  /** Makes the links. Where that is impossible (Windows, or a program that may not read and write
   * everywhere), paths are only checked after they were used. */
  static open(options: Partial<LinklessPathsOptions> = {}): LinklessPaths {
    return new LinklessPaths({ now: () => performance.now(), ...options });
  }

  /** Whether the system itself refuses links. */
  get isSure(): boolean {
    return this.#links !== undefined;
  }

  /** The same place, by a path at which the system meets no link, not even at its end, or fails
   * with `FilesystemLoop`.
   * @param path an absolute path without links, as `Deno.realPath` gives it */
  of(path: string): string {
    const links = this.#links;
    if (links === undefined) return path;
    const nowMs = this.#options.now();
    if (nowMs - this.#checkedMs < CHECK_EVERY_MS) return links.prefix + path;
    this.#checkedMs = nowMs;
    if (!isWhole(links.folder, links.uid)) this.#links = makeLinks(this.#options) ?? links;
    return this.#links!.prefix + path;
  }

  /** The state of a place that no link leads to; of a link at its end, its own state.
   * @throws {Deno.errors.NotFound} or {Deno.errors.FilesystemLoop} when there is none */
  async lstat(path: string): Promise<Deno.FileInfo> {
    const info = await Deno.lstat(this.of(path));
    if (this.isSure || info.isSymlink || await Deno.realPath(path) === path) return info;
    throw new Deno.errors.NotFound(`${path} is reached through a link`);
  }

  /** Whether an opened file is the one at this path. */
  async isAt(path: string, { dev, ino }: Deno.FileInfo): Promise<boolean> {
    const there = await this.lstat(path);
    return there.dev === dev && there.ino === ino;
  }

  /** Creates a file of a new name, for writing.
   * @throws {Deno.errors.NotFound} when a link has taken the place of the folder */
  async createFile(
    folder: string,
    prefix: string,
    { open, makeTempFile }: Pick<typeof Deno, "open" | "makeTempFile"> = Deno,
  ): Promise<{ readonly path: string; readonly file: Deno.FsFile }> {
    const links = this.#links;
    if (links === undefined) {
      const path = pathIn(folder, prefix + crypto.randomUUID());
      return { path, file: await open(path, { write: true, createNew: true }) };
    }
    // The one way to create a file that takes the path as it is.
    const made = await makeTempFile({ dir: this.of(folder), prefix });
    const path = pathIn(folder, made.slice(made.lastIndexOf("/") + 1));
    let file: Deno.FsFile | undefined;
    try {
      file = await open(path, { write: true });
      if (!await this.isAt(path, await file.stat())) {
        throw new Deno.errors.NotFound(`${path} is gone`);
      }
      await Deno.chmod(this.of(path), links.fileMode);
      return { path, file };
    } catch (error) {
      file?.close();
      await this.removeFile(path).catch(() => {});
      throw error;
    }
  }

  /** Removes a file, if it is there. Its folder is looked for a few times, in case that it is being
   * renamed. */
  async removeFile(path: string): Promise<void> {
    for (let left = REMOVALS; left > 0; left--) {
      try {
        return await Deno.remove(this.of(path));
      } catch (error) {
        if (error instanceof Deno.errors.FilesystemLoop) continue;
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        // Either it was renamed, or its folder is not there.
        if (await this.lstat(dirname(path)).catch(() => null) !== null) return;
      }
    }
  }
}

/** The path of an entry of a folder. */
export function pathIn(folder: string, name: string): string {
  const separator = Deno.build.os === "windows" ? "\\" : "/";
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}

function makeLinks({ temporaryFolder: dir }: LinklessPathsOptions): Links | undefined {
  // Asking would interrupt the user for something that can be done without.
  const isAllowed = (["read", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
  if (!isAllowed || Deno.build.os === "windows") return undefined;
  let made: string | undefined;
  try {
    made = Deno.realPathSync(
      Deno.makeTempDirSync({ prefix: PREFIX, ...(dir !== undefined && { dir }) }),
    );
    Deno.symlinkSync(".", `${made}/l`);
    Deno.symlinkSync("/", `${made}/r`);
    using file = Deno.openSync(`${made}/f`, { write: true, createNew: true });
    const fileMode = (file.statSync().mode ?? 0o644) & 0o777;
    const folder = shared(made);
    const prefix = longestPrefix(folder);
    if (prefix === null) return undefined;
    return { folder, uid: file.statSync().uid, prefix, fileMode };
  } catch {
    // The disk for temporary files cannot be written to, or has no links.
    if (made !== undefined) Deno.removeSync(made, { recursive: true });
    return undefined;
  }
}

/** The folder of links that all programs of this user share and that stays, so that a program that
 * is killed leaves nothing behind; or the one that was just made, where another user has taken the
 * name. */
function shared(made: string): string {
  const { uid } = Deno.lstatSync(made);
  const common = `${dirname(made)}/${PREFIX}${uid}`;
  for (const again of [true, false]) {
    try {
      Deno.renameSync(made, common);
      return common;
    } catch {
      // It is there already.
    }
    if (isWhole(common, uid)) {
      Deno.removeSync(made, { recursive: true });
      return common;
    }
    // Programs that clean folders for temporary files may have taken a part of it.
    if (!again || !isOwned(common, uid)) break;
    Deno.removeSync(common, { recursive: true });
  }
  return made;
}

/** Whether this is a folder of links that nobody but this user can change. */
function isWhole(folder: string, uid: number | null): boolean {
  try {
    return isOwned(folder, uid) && Deno.readLinkSync(`${folder}/l`) === "." &&
      Deno.readLinkSync(`${folder}/r`) === "/";
  } catch {
    return false;
  }
}

function isOwned(folder: string, ofUid: number | null): boolean {
  try {
    const { isDirectory, uid, mode } = Deno.lstatSync(folder);
    return isDirectory && uid === ofUid && ((mode ?? 0) & 0o077) === 0;
  } catch {
    return false;
  }
}

/** A beginning of paths that has as many links as the system allows; null when it allows any
 * number. */
function longestPrefix(folder: string): string | null {
  for (let links = MAX_LINKS; links > 0; links--) {
    const prefix = `${folder}/${"l/".repeat(links)}r`;
    try {
      Deno.lstatSync(prefix + folder);
      return links < MAX_LINKS ? prefix : null;
    } catch (error) {
      if (!(error instanceof Deno.errors.FilesystemLoop)) throw error;
    }
  }
  return null;
}
