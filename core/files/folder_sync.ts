// Writes folders through to the disk, so that new names in them outlive a power failure. Files that
// come into one folder at the same time share one such write.

interface Syncing {
  readonly running: Promise<void>;
  /** The run after it, for all calls that came since this one began. */
  next?: Promise<void>;
}

export class FolderSync {
  readonly #sync: (path: string) => Promise<void>;
  readonly #underWay = new Map<string, Syncing>();

  /** @param sync writes one folder through; tests count it */
  constructor(sync: (path: string) => Promise<void> = syncFolder) {
    this.#sync = sync;
  }

  /** Resolves once the folder was written through by a run that began after the call. */
  sync(path: string): Promise<void> {
    const underWay = this.#underWay.get(path);
    if (underWay === undefined) return this.#start(path);
    return underWay.next ??= underWay.running.then(() => this.#start(path));
  }

  #start(path: string): Promise<void> {
    const running = this.#sync(path).finally(() => {
      if (underWay.next === undefined) this.#underWay.delete(path);
    });
    const underWay: Syncing = { running };
    this.#underWay.set(path, underWay);
    return running;
  }
}

/** Writes a folder through to the disk, on systems that can. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  try {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  } catch {
    // Not every file system supports it.
  }
}
