// The members of an archive, as the formats (zip.ts, tar.ts) read them: neither format knows the
// disk.

export interface ArchiveMember {
  readonly kind: "file" | "folder";
  /** Its path inside, with slashes between the names and none at either end. */
  readonly path: string;
  readonly modifiedMs: number;
  /** Opens a file for reading; null when it is no longer there. The caller disposes of it. */
  open(): Promise<ArchiveContent | null>;
}

export interface ArchiveContent extends Disposable {
  /** Its size when it was opened. Bytes that are added while it is read are left out. */
  readonly bytes: number;
  readonly executable: boolean;
  /** As `Deno.FsFile.read`. */
  read(into: Uint8Array): Promise<number | null>;
}

/** Thrown when a file has fewer bytes than it had when it was opened. */
export class ContentShrunkError extends Error {
  constructor(path: string) {
    super(`${JSON.stringify(path)} became shorter while it was read`);
    this.name = "ContentShrunkError";
  }
}

/** The most bytes that are read of a file at a time. */
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
