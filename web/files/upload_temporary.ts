// A file that is being received. It lies in the folder it is for, so that it can take its place
// there in one step, under a name that nobody can guess or see; nothing is left of it unless it
// does.

import type { Located } from "./located.ts";
import { onDisk, UploadError } from "./upload_error.ts";

const PREFIX = ".sockdock-upload-";

/** Whether a name is that of a file which is being received. Such files are never shown, even where
 * hidden ones are. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** What became of the file that a name stood for. */
export type Placed = "created" | "replaced";

/** What is done to files in a folder; tests let it fail. */
export type FileOperations = Pick<typeof Deno, "link" | "lstat" | "open" | "remove" | "rename">;

/** One file that is being received. Disposing of it removes what has not found its place. */
export class TemporaryFile implements AsyncDisposable {
  readonly #folder: string;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #operations: FileOperations;
  #open = true;
  #left = true;
  bytes = 0;

  private constructor(
    folder: string,
    path: string,
    file: Deno.FsFile,
    operations: FileOperations,
  ) {
    this.#folder = folder;
    this.#path = path;
    this.#file = file;
    this.#operations = operations;
  }

  /** @throws {UploadError} when the folder is gone, or nothing can be written there */
  static create(folder: Located, operations: FileOperations = Deno): Promise<TemporaryFile> {
    return onDisk(async () => {
      const { dev, ino } = await operations.lstat(folder.path);
      // A link may have taken its place since it was found.
      if (dev !== folder.device || (ino ?? 0) !== folder.inode) {
        throw new UploadError(404, "This folder is gone.");
      }
      const path = pathIn(folder.path, `${PREFIX}${crypto.randomUUID()}`);
      const file = await operations.open(path, { write: true, createNew: true });
      return new TemporaryFile(folder.path, path, file, operations);
    });
  }

  /** @throws {UploadError} when the disk is full */
  write(bytes: Uint8Array): Promise<void> {
    return onDisk(async () => {
      for (let written = 0; written < bytes.length;) {
        written += await this.#file.write(bytes.subarray(written));
      }
      this.bytes += bytes.length;
    });
  }

  /** To be called when all is written. What is reported as stored outlives a power failure, and a
   * disk that delayed to say it is full says so here.
   *
   * @throws {UploadError} when the disk is full */
  finish(): Promise<void> {
    return onDisk(async () => {
      await this.#file.syncData();
      this.#close();
    });
  }

  /** Gives it its name. Never follows a link of that name.
   *
   * @throws {UploadError} 409 when there is one and it is not to be replaced, or is no file */
  async place(name: string, overwrite: boolean): Promise<Placed> {
    const path = pathIn(this.#folder, name);
    const placed = await onDisk(() => overwrite ? this.#replace(path) : this.#create(path));
    if (placed !== "occupied") return placed;
    throw new UploadError(409, occupied(name, overwrite));
  }

  /** Closes and removes what has not found its place. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) this.#close();
    if (!this.#left) return;
    this.#left = false;
    try {
      await this.#operations.remove(this.#path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #close(): void {
    this.#open = false;
    this.#file.close();
  }

  async #replace(path: string): Promise<Placed | "occupied"> {
    const existing = await this.#existing(path);
    if (existing !== null && !existing.isFile && !existing.isSymlink) return "occupied";
    try {
      await this.#rename(path);
    } catch (error) {
      // A folder has come in between.
      if (error instanceof Deno.errors.IsADirectory) return "occupied";
      throw error;
    }
    return existing === null ? "created" : "replaced";
  }

  /** A second name for the file is the one step that fails when the name is taken, for renaming would
   * replace. */
  async #create(path: string): Promise<Placed | "occupied"> {
    try {
      await this.#operations.link(this.#path, path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return "occupied";
      if (error instanceof Deno.errors.NotFound) throw error;
      return await this.#createWithoutLinks(path);
    }
    return "created";
  }

  /** FAT and some network file systems have no second names: an empty file holds the place. */
  async #createWithoutLinks(path: string): Promise<Placed | "occupied"> {
    try {
      (await this.#operations.open(path, { write: true, createNew: true })).close();
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return "occupied";
      throw error;
    }
    try {
      await this.#rename(path);
    } catch (error) {
      await this.#operations.remove(path);
      throw error;
    }
    return "created";
  }

  async #rename(path: string): Promise<void> {
    await this.#operations.rename(this.#path, path);
    this.#left = false;
  }

  async #existing(path: string): Promise<Deno.FileInfo | null> {
    try {
      return await this.#operations.lstat(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }
}

/** Why a name cannot be had. */
export function occupied(name: string, overwrite: boolean): string {
  const shown = JSON.stringify(name);
  return overwrite
    ? `${shown} is there already and is no file.`
    : `${shown} is there already, and nothing is replaced here.`;
}

function pathIn(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
