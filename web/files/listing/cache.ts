// Listings as they were sent, kept for a second: a folder that is looked at by many is read once.
// Its time of change is looked at for every request, so that a new or removed name shows at once.

import type { Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

const MAX_AGE_MS = 1000;

/** What all listings of one root may take. */
const MAX_BYTES = 32 * 1024 * 1024;

interface Kept {
  readonly folder: Located;
  readonly madeMs: number;
  readonly body: Promise<Uint8Array<ArrayBuffer>>;
  /** Once it is there. */
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

  /** The oldest come first in the map. */
  #shrink(nowMs: number): void {
    for (const [key, { madeMs }] of this.#kept) {
      if (this.#bytes <= MAX_BYTES && nowMs - madeMs < MAX_AGE_MS) return;
      this.delete(key);
    }
  }
}

const caches = new WeakMap<FileRoot, ListingCache>();

/** What was made for this key within the last second, also when it is still being made; otherwise
 * what `make` makes. */
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

/** To be called when something in a folder has changed. */
export function forgetListings(root: FileRoot, folder: Located): void {
  caches.get(root)?.forget(folder.path);
}
