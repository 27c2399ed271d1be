// A file that is being received. It lies in the folder it is for, so that it can take its place
// there in one step, under a name that nobody can guess or see; nothing is left of it unless it
// does.

import {
  type FileOperations,
  occupied,
  type Placed,
  placeFile,
} from "../../../core/files/place_file.ts";
import { UPLOAD_PREFIX } from "../../../core/files/plain_name.ts";
import type { Located } from "../access/located.ts";
import { onDisk, UploadError } from "./error.ts";

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
      const path = pathIn(folder.path, `${UPLOAD_PREFIX}${crypto.randomUUID()}`);
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
    const placed = await onDisk(() => placeFile(this.#path, path, overwrite, this.#operations));
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
}

function pathIn(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
