// What was found in the folder that is served. Whoever holds one of these may open its path: it was
// resolved through every link and lies inside the root.

/** A file or folder that a request's path leads to. */
export interface Located {
  readonly kind: "file" | "folder";
  /** The real path, with no link left in it. */
  readonly path: string;
  /** The path below the root as people read it: decoded, beginning with a slash, and for folders
   * ending in one. */
  readonly urlPath: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** When anything about it was changed, in whole seconds: unlike the time above, programs cannot
   * set it back. 0 where there is none. */
  readonly changedMs: number;
  /** Together they tell a file from every other one. The inode is 0 where there is none. */
  readonly device: number;
  readonly inode: number;
}

/** One line of a listing. */
export interface FolderEntry {
  readonly kind: "file" | "folder";
  /** As on the disk. */
  readonly name: string;
  /** The real path. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** As those of `Located`: an archive goes on from here. */
  readonly device: number;
  readonly inode: number;
}
