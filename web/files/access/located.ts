// Files and folders that were found in the folder that is served. Their paths may be opened: they
// were resolved through every link and lie inside the root.

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
  /** Time of the last change of content or attributes (ctime), in whole seconds; unlike
   * `modifiedMs`, programs cannot set it back. 0 where the file system has none. */
  readonly changedMs: number;
  /** Device and inode together identify a file. The inode is 0 where the file system has none. */
  readonly device: number;
  readonly inode: number;
}

export interface FolderEntry {
  readonly kind: "file" | "folder";
  readonly name: string;
  /** The real path. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** As in `Located`, which an archive makes of each entry. */
  readonly device: number;
  readonly inode: number;
}
