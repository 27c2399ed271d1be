// Errors of the file system that the program did not cause, such as a full disk, and the replies to
// a client that sent a file.

export type DiskFailure = "full" | "too-large" | "bad-name" | "busy" | "forbidden" | "gone";

interface DiskRefusal {
  readonly failure: DiskFailure;
  readonly message: string;
}

/** The reply for an error of the file system; null for any other error. */
export function diskRefusal(error: unknown): DiskRefusal | null {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return { failure: "full", message: "There is no room left on the disk." };
  }
  if (code === "EFBIG") {
    return { failure: "too-large", message: "The disk cannot hold so large a file." };
  }
  if (code === "ENAMETOOLONG") {
    return { failure: "bad-name", message: "The name is too long for the disk." };
  }
  if (code === "EILSEQ" || code === "EINVAL") {
    return { failure: "bad-name", message: "The disk cannot hold a file of this name." };
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return { failure: "busy", message: "Too many files are open; try again soon." };
  }
  if (code === "EXDEV") {
    return { failure: "forbidden", message: "This folder lies on another disk than the inbox." };
  }
  if (error instanceof Deno.errors.PermissionDenied || code === "EROFS") {
    return { failure: "forbidden", message: "Nothing may be stored in this folder." };
  }
  // A link has taken the place of the folder.
  if (
    error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop
  ) {
    return { failure: "gone", message: "This folder is gone." };
  }
  return null;
}
