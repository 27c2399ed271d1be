// Keeps the bodies of listings for a second, so that a folder with many readers is read once. The
// folder's time of change is compared for every request, so that a new or removed name shows at
// once.

import type { Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

const MAX_AGE_MS = 1000;

/** The memory that all listings of one root may take. */
const MAX_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly folder: Located;
  readonly madeMs: number;
  readonly body: Promise<Uint8Array<ArrayBuffer>>;
  /** The length of the body once it is there, 0 before. */
  bytes: number;
}

class ListingCache {
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  get(key: string, folder: Located, nowMs: number): Promise<Uint8Array<ArrayBuffer>> | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    const fresh = nowMs - kept.madeMs < MAX_AGE_MS && nowMs >= kept.madeMs &&
      kept.folder.inode === folder.inode && kept.folder.device === folder.device &&
      kept.folder.modifiedMs === folder.modifiedMs;
    return fresh ? kept.body : undefined;
  }

  put(key: string, kept: Kept): void {
    this.delete(key);
    this.#kept.set(key, kept);
    kept.body.then(({ length }) => {
      if (this.#kept.get(key) !== kept) return;
      kept.bytes = length;
      this.#bytes += length;
      this.#shrink(kept.madeMs);
    }, () => {
      if (this.#kept.get(key) === kept) this.delete(key);
    });
  }

  delete(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#bytes -= kept.bytes;
    this.#kept.delete(key);
  }

  forget(path: string): void {
    for (const [key, { folder }] of this.#kept) if (folder.path === path) this.delete(key);
  }

  /** Drops the oldest listings, which come first in the map. */
  #shrink(nowMs: number): void {
    for (const [key, { madeMs }] of this.#kept) {
      if (this.#bytes <= MAX_BYTES && nowMs - madeMs < MAX_AGE_MS) return;
      this.delete(key);
    }
  }
}

const caches = new WeakMap<FileRoot, ListingCache>();

/** The body that was made for this key within the last second, or is still being made; otherwise
 * the one that `make` makes. */
export function cachedListing(
  root: FileRoot,
  key: string,
  folder: Located,
  nowMs: number,
  make: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const cache = caches.get(root) ?? new ListingCache();
  caches.set(root, cache);
  const found = cache.get(key, folder, nowMs);
  if (found !== undefined) return found;
  const body = make();
  cache.put(key, { folder, madeMs: nowMs, body, bytes: 0 });
  return body;
}

/** Drops the listings of a folder, to be called when the server itself has changed it. */
export function forgetListings(root: FileRoot, folder: Located): void {
  caches.get(root)?.forget(folder.path);
}
