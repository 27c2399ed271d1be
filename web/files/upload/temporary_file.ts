// A file that is being received. It lies in its final folder, so that it can get its name there in
// one step. Until then its name is random and hidden. Unless it gets its final name, it is removed.

import {
  type FileOperations,
  occupied,
  type Placed,
  placeFile,
} from "../../../core/files/place_file.ts";
import { type LinklessPaths, pathIn } from "../../../core/files/linkless_paths.ts";
import { UPLOAD_PREFIX } from "../../../core/files/plain_name.ts";
import type { Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";
import { onDisk, UploadError } from "./error.ts";
import { lockUpload } from "./leftovers.ts";

/** A file that is being received. Disposing of it removes the temporary file. */
export class TemporaryFile implements AsyncDisposable {
  readonly #folder: string;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #linkless: LinklessPaths;
  readonly #operations: FileOperations;
  #open = true;
  #left = true;
  bytes = 0;

  private constructor(
    folder: string,
    { path, file }: { readonly path: string; readonly file: Deno.FsFile },
    linkless: LinklessPaths,
    operations: FileOperations,
  ) {
    this.#folder = folder;
    this.#path = path;
    this.#file = file;
    this.#linkless = linkless;
    this.#operations = operations;
  }

  /** @throws {UploadError} when the folder is gone, or nothing can be written there */
  static create(
    { path: folder }: Located,
    { linkless }: FileRoot,
    operations: FileOperations = Deno,
  ): Promise<TemporaryFile> {
    return onDisk(async () => {
      const created = await linkless.createFile(folder, UPLOAD_PREFIX, operations);
      await lockUpload(created.file);
      return new TemporaryFile(folder, created, linkless, operations);
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

  /** Flushes the file, to be called when all is written: a file that is reported as stored outlives
   * a power failure, and some disks report only now that they are full.
   *
   * @throws {UploadError} when the disk is full */
  finish(): Promise<void> {
    return onDisk(async () => {
      await this.#file.syncData();
      this.#close();
    });
  }

  /** Gives the file its name. Never follows a link of that name.
   *
   * @throws {UploadError} 409 when the name is taken and may not be replaced, or is no file's */
  async place(name: string, overwrite: boolean): Promise<Placed> {
    const placed = await onDisk(() =>
      placeFile({
        from: this.#path,
        to: pathIn(this.#folder, name),
        overwrite,
        linkless: this.#linkless,
        operations: this.#operations,
      })
    );
    if (placed !== "occupied") return placed;
    throw new UploadError(409, occupied(name, overwrite));
  }

  /** Closes the file, and removes it unless it has its final name. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open) this.#close();
    if (!this.#left) return;
    this.#left = false;
    await this.#linkless.removeFile(this.#path);
  }

  #close(): void {
    this.#open = false;
    this.#file.close();
  }
}
