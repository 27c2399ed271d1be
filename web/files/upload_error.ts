// Why an upload is refused, and which failures of the disk are no fault of the server.

/** An upload that is refused. The message is for whoever sent it. */
export class UploadError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "UploadError";
    this.status = status;
  }
}

/** Runs what touches the disk.
 *
 * @throws {UploadError} for what may happen to any disk
 * @throws {unknown} what else goes wrong */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalFor(error) ?? error;
  }
}

function refusalFor(error: unknown): UploadError | null {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UploadError(507, "There is no room left on the disk.");
  }
  if (code === "EFBIG") return new UploadError(413, "The disk cannot hold so large a file.");
  if (code === "ENAMETOOLONG") return new UploadError(400, "The name is too long for the disk.");
  if (code === "EILSEQ" || code === "EINVAL") {
    return new UploadError(400, "The disk cannot hold a file of this name.");
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return new UploadError(503, "Too many files are open; try again soon.");
  }
  if (error instanceof Deno.errors.PermissionDenied || code === "EROFS") {
    return new UploadError(403, "Nothing may be stored in this folder.");
  }
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return new UploadError(404, "This folder is gone.");
  }
  return null;
}
