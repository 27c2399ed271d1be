// What goes into an archive, whatever its format: zip.ts and tar.ts know nothing of the disk.

/** One file or folder of an archive. */
export interface ArchiveMember {
  readonly kind: "file" | "folder";
  /** Its path inside, with slashes between the names and none at either end. */
  readonly path: string;
  readonly modifiedMs: number;
  /** Opens a file for reading; null when it is no longer there. Whoever calls disposes of it. */
  open(): Promise<ArchiveContent | null>;
}

/** A file of an archive, opened. */
export interface ArchiveContent extends Disposable {
  /** How many bytes it has now. What it gains while it is read is left out. */
  readonly bytes: number;
  readonly executable: boolean;
  /** As `Deno.FsFile.read`. */
  read(into: Uint8Array): Promise<number | null>;
}

/** A file has fewer bytes than it had when it was opened. */
export class ContentShrunkError extends Error {
  constructor(path: string) {
    super(`${JSON.stringify(path)} became shorter while it was read`);
    this.name = "ContentShrunkError";
  }
}

/** How much of a file is read at a time. */
export const PIECE_BYTES = 128 * 1024;

/** Reads until `limit` bytes are there or the file ends. */
export async function readPiece(
  content: ArchiveContent,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(Math.min(limit, PIECE_BYTES));
  let filled = 0;
  while (filled < piece.length) {
    const count = await content.read(piece.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return piece.subarray(0, filled);
}
