// The folder of an inbox on disk: it finds and makes the places of files without following links,
// counts what it holds, and keeps the partial files.

import { errorText } from "../../core/event.ts";
import { FolderSync } from "../../core/files/folder_sync.ts";
import { LinklessPaths, pathIn } from "../../core/files/linkless_paths.ts";
import { PARTIAL_PREFIX } from "../../core/files/plain_name.ts";
import { UsageError } from "../../core/usage_error.ts";
import { chargeFor, Quota } from "./quota.ts";
import { InboxRefusal } from "./refusal.ts";

/** The most files and folders that an inbox may hold: each look at the disk counts them all. */
const MAX_ENTRIES = 1_000_000;

/** When there seems to be no room, the disk is looked at again once in this many milliseconds. */
const LOOK_EVERY_MS = 2000;

interface InboxFolderOptions {
  readonly quotaBytes: number;
  /** How long a partial file is kept whose sender does not come back, in milliseconds. */
  readonly keepPartialMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class InboxFolder {
  /** The real path. */
  readonly path: string;
  /** The paths by which anything here is changed. */
  readonly linkless = LinklessPaths.open();
  readonly quota: Quota;
  /** The partial files that are being written. */
  readonly writing = new Set<string>();
  readonly #options: InboxFolderOptions;
  readonly #device: number;
  readonly #inode: number;
  #lookedMs = 0;
  readonly #syncing = new FolderSync();
  #alone: Promise<unknown> = Promise.resolve();

  private constructor(path: string, info: Deno.FileInfo, options: InboxFolderOptions) {
    this.path = path;
    this.quota = new Quota(options.quotaBytes);
    this.#options = options;
    this.#device = info.dev;
    this.#inode = info.ino ?? 0;
  }

  /** Opens the folder, makes it when it is not there, and counts what is in it.
   * @throws {UsageError} when that cannot be */
  static async open(path: string, options: InboxFolderOptions): Promise<InboxFolder> {
    try {
      await Deno.mkdir(path, { mode: 0o700 }).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      });
      const real = await Deno.realPath(path);
      const info = await Deno.stat(real);
      if (!info.isDirectory) throw new Error("it is a file; name a folder");
      const folder = new InboxFolder(real, info, options);
      await folder.#look();
      return folder;
    } catch (error) {
      const why = error instanceof Deno.errors.NotFound
        ? "the folder that it is to lie in is not there"
        : errorText(error);
      throw new UsageError(`Cannot receive files in ${JSON.stringify(path)}: ${why}`);
    }
  }

  /** @param names plain names, as inboxNames() gives them */
  pathOf(names: readonly string[]): string {
    return names.reduce(pathIn, this.path);
  }

  partialPath(key: string): string {
    return this.pathOf([PARTIAL_PREFIX + key]);
  }

  /** The state of a place in the inbox; null when nothing is there.
   * @throws {InboxRefusal} when one of the folders above is a file or a link, or the inbox is gone */
  async find(names: readonly string[]): Promise<Deno.FileInfo | null> {
    await this.#checkRoot();
    for (let depth = 1; depth < names.length; depth++) {
      if (!await this.#isFolder(names.slice(0, depth))) return null;
    }
    return await this.lookAt(this.pathOf(names));
  }

  /** The state of a path, or null when nothing is there or a link leads there. */
  async lookAt(path: string): Promise<Deno.FileInfo | null> {
    try {
      return await this.linkless.lstat(path);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** Runs work that checks something and then changes it; no other such work runs meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#alone.then(work);
    this.#alone = done.catch(() => {});
    return done;
  }

  /** Makes the names in a folder outlive a power failure. */
  sync(names: readonly string[]): Promise<void> {
    return this.#syncing.sync(this.pathOf(names));
  }

  /** Makes the folders of a path that are not there. They outlive a power failure.
   * @returns how many were made
   * @throws {InboxRefusal} as `find`, and when the quota has no room for them */
  makeFolders(names: readonly string[]): Promise<number> {
    return this.alone(() => this.#makeFolders(names));
  }

  async #makeFolders(names: readonly string[]): Promise<number> {
    await this.#checkRoot();
    let made = 0;
    for (let depth = 1; depth <= names.length; depth++) {
      const some = names.slice(0, depth);
      if (await this.#isFolder(some)) continue;
      await this.reserve(chargeFor(0));
      try {
        await Deno.mkdir(this.linkless.of(this.pathOf(some)), { mode: 0o755 });
        made++;
        this.quota.keep(chargeFor(0));
      } catch (error) {
        // Another process was faster, and what it made may be no folder.
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        await this.#isFolder(some);
        continue;
      } finally {
        this.quota.release(chargeFor(0));
      }
      await this.sync(some.slice(0, -1));
    }
    return made;
  }

  /** @throws {InboxRefusal} when there is not enough room */
  async reserve(bytes: number): Promise<void> {
    if (this.quota.reserve(bytes)) return;
    // Files may have been removed since the last look.
    if (this.#options.now() - this.#lookedMs >= LOOK_EVERY_MS) await this.#look();
    if (this.quota.reserve(bytes)) return;
    const { limitBytes, usedBytes } = this.quota;
    throw new InboxRefusal(
      "quota",
      `The inbox may hold ${limitBytes} bytes; ${usedBytes} are taken, and this needs ${bytes} more.`,
    );
  }

  /** Whether a part of a path is a folder and no link.
   * @throws {InboxRefusal} when it is something else */
  async #isFolder(names: readonly string[]): Promise<boolean> {
    const info = await this.lookAt(this.pathOf(names));
    if (info === null) return false;
    if (info.isDirectory) return true;
    const what = info.isSymlink ? "a link, and links are not followed" : "a file";
    throw new InboxRefusal("name", `${JSON.stringify(names.join("/"))} in the inbox is ${what}.`);
  }

  async #checkRoot(): Promise<void> {
    const info = await this.lookAt(this.path);
    if (info?.isDirectory && info.dev === this.#device && (info.ino ?? 0) === this.#inode) return;
    throw new InboxRefusal("disk", "The folder of the inbox is gone.");
  }

  /** Counts what the folder holds, and removes partial files that are too old. */
  async #look(): Promise<void> {
    this.#lookedMs = this.#options.now();
    await this.quota.look(async () => {
      let bytes = 0;
      let entries = 0;
      const folders = [this.path];
      for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
        for await (const entry of entriesOf(this.linkless.of(folder), folder !== this.path)) {
          if (++entries > MAX_ENTRIES) {
            throw new InboxRefusal("quota", `The inbox holds more than ${MAX_ENTRIES} files.`);
          }
          const path = pathIn(folder, entry.name);
          const isPartial = folder === this.path && entry.name.startsWith(PARTIAL_PREFIX);
          if (entry.isDirectory) folders.push(path);
          if (isPartial && this.writing.has(entry.name.slice(PARTIAL_PREFIX.length))) continue;
          const info = await this.lookAt(path);
          if (info === null) continue;
          if (isPartial && this.#isOld(info)) {
            // Its sender may have come back meanwhile.
            if (this.writing.has(entry.name.slice(PARTIAL_PREFIX.length))) continue;
            await Deno.remove(path).catch(() => {});
            continue;
          }
          bytes += chargeFor(info.isFile ? info.size : 0);
        }
      }
      return bytes;
    });
  }

  #isOld({ mtime }: Deno.FileInfo): boolean {
    return mtime !== null && this.#options.now() - mtime.getTime() > this.#options.keepPartialMs;
  }
}

/** The entries of a folder.
 * @param mayGo whether it may have been removed meanwhile, and then counts as empty */
async function* entriesOf(path: string, mayGo: boolean): AsyncGenerator<Deno.DirEntry, void> {
  try {
    yield* Deno.readDir(path);
  } catch (error) {
    if (!mayGo || !isGone(error)) throw error;
  }
}

/** Whether an error says that nothing is there, or that a link has taken the place of a folder. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.FilesystemLoop;
}
