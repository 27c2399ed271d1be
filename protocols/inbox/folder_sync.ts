// Making new names in folders outlive a power failure. Many files that come into one folder at the
// same time share what that costs.

interface Syncing {
  readonly running: Promise<void>;
  /** The one after it, that everybody waits for who came since it began. */
  next?: Promise<void>;
}

/** Writes folders through to the disk. */
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

/** Where a system has such a thing. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  try {
    using folder = await Deno.open(path, { read: true });
    await folder.sync();
  } catch {
    // Not every file system can.
  }
}
