// One file on its way into an inbox. It is written to a partial file, whose name is made of what the
// sender said about it, so that a sender who comes back finds it again; it takes its own name when
// all of it has come.

import { occupied, placeFile } from "../../core/files/place_file.ts";
import { ContentHash, hashFile } from "./content_hash.ts";
import { type InboxFolder, lookAt } from "./folder.ts";
import { chargeFor } from "./quota.ts";
import { InboxRefusal } from "./refusal.ts";
import type { OfferedFile } from "./wire.ts";

/** What a transfer is given. */
export interface TransferOptions {
  readonly folder: InboxFolder;
  readonly file: OfferedFile;
  /** Those that its name is made of. */
  readonly names: readonly string[];
  readonly overwrite: boolean;
  /** What tells it from the transfers of other contents and senders. */
  readonly key: string;
  /** Called once, when it is over in any way. */
  readonly onEnd: () => void;
}

/** What the sender is to do next: prove what it has in common with us, send from a byte on, or
 * nothing more. */
export type NextStep =
  | { readonly type: "check"; readonly bytes: number }
  | { readonly type: "ready"; readonly fromBytes: number }
  | { readonly type: "done"; readonly sha256: string; readonly already: true };

/** What is being compared with what the sender has. */
type Comparing = "nothing" | "whole" | "partial";

/** One file that is being received. */
export class Transfer implements AsyncDisposable {
  readonly file: OfferedFile;
  readonly #options: TransferOptions;
  readonly #partialPath: string;
  #partial: Deno.FsFile | undefined;
  #hash = new ContentHash();
  #gotBytes = 0;
  #comparing: Comparing = "nothing";
  #receiving = false;
  #isEnding = false;
  /** What is reserved of the quota. */
  #reservedBytes = 0;
  /** Whether the partial file is worth keeping when the transfer ends. */
  #keeps = true;
  #lost = false;
  #ended: Promise<void> | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: TransferOptions) {
    this.#options = options;
    this.file = options.file;
    this.#partialPath = options.folder.partialPath(options.key);
  }

  /** How much of the file has come, in this session and before it. */
  get gotBytes(): number {
    return this.#gotBytes;
  }

  /** Whether all of it has come, and it is only being put in its place. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Looks what is there already.
   * @throws {InboxRefusal} when the file cannot be taken */
  begin(): Promise<NextStep> {
    return this.#work(async () => {
      const { folder, names, overwrite } = this.#options;
      const there = await folder.find(names);
      if (there?.isFile && there.size === this.file.bytes) {
        this.#comparing = "whole";
        return { type: "check", bytes: there.size };
      }
      if (there !== null && !(overwrite && there.isFile)) throw this.#occupied();
      return await this.#prepare();
    });
  }

  /** Compares what is there with what the sender has.
   *
   * @param sha256 the sender's, of as much as it was asked for
   * @param signal aborting it ends the comparison
   * @throws {InboxRefusal} when it is another file and may not be replaced */
  compare(sha256: string, signal: AbortSignal): Promise<NextStep> {
    return this.#work(async () => {
      const comparing = this.#comparing;
      this.#comparing = "nothing";
      if (comparing === "nothing") throw new InboxRefusal("protocol", "Nothing is to be compared.");
      if (comparing === "whole") {
        if (await this.#hashOfPlaced(signal) === sha256) {
          await this.#removeLeftover();
          return { type: "done", sha256, already: true };
        }
        if (!this.#options.overwrite) throw this.#occupied();
        return await this.#prepare();
      }
      const partial = this.#partial!;
      const { size } = await partial.stat();
      await partial.seek(0, Deno.SeekMode.Start);
      const hash = await hashFile(partial, size, signal);
      if (hash !== null && hash.hex() === sha256) {
        this.#hash = hash;
        this.#gotBytes = size;
      } else {
        await partial.truncate(0);
        await partial.seek(0, Deno.SeekMode.Start);
      }
      this.#receiving = true;
      return { type: "ready", fromBytes: this.#gotBytes };
    });
  }

  /** Takes more content.
   * @throws {InboxRefusal} when it is more than was offered, or the disk fails */
  write(content: Uint8Array): Promise<void> {
    return this.#work(async () => {
      if (!this.#receiving) {
        throw new InboxRefusal("protocol", "Content came that was not asked for.");
      }
      if (this.#gotBytes + content.length > this.file.bytes) {
        throw new InboxRefusal(
          "protocol",
          `More came than the ${this.file.bytes} bytes announced.`,
        );
      }
      this.#partial ??= await this.#openPartial(true);
      this.#hash.update(content);
      for (let written = 0; written < content.length;) {
        written += await this.#partial.write(content.subarray(written));
      }
      this.#gotBytes += content.length;
    });
  }

  /** Gives the file its name, once all of it is there and safe.
   *
   * @param sha256 what the sender says it is
   * @throws {InboxRefusal} when it is not, or the name was taken meanwhile */
  finish(sha256: string): Promise<void> {
    this.#isEnding = true;
    return this.#work(async () => {
      const { folder, names, overwrite } = this.#options;
      const { bytes } = this.file;
      if (!this.#receiving) {
        throw new InboxRefusal("protocol", "The end came before the beginning.");
      }
      if (this.#gotBytes !== bytes) {
        throw new InboxRefusal(
          "protocol",
          `${this.#gotBytes} of the ${bytes} bytes announced came.`,
        );
      }
      if (this.#hash.hex() !== sha256) {
        throw new InboxRefusal(
          "hash",
          "What came has another SHA-256 than the sender says; send anew.",
        );
      }
      // An empty file had no content to be opened for.
      const partial = this.#partial ??= await this.#openPartial(true);
      await partial.utime(new Date(), new Date(this.file.modifiedMs)).catch(ignoreTime);
      // What is reported as stored outlives a power failure, and a disk that delayed to say that it
      // is full says so here.
      await partial.sync();
      partial.close();
      this.#partial = undefined;
      if (Deno.build.os !== "windows") await Deno.chmod(this.#partialPath, this.#mode);
      const parent = names.slice(0, -1);
      await folder.makeFolders(parent);
      // One after the other: two that replace one file must not both count it as gone.
      await folder.alone(async () => {
        const before = await folder.find(names);
        const placed = await placeFile(this.#partialPath, folder.pathOf(names), overwrite);
        if (placed === "occupied") throw this.#occupied();
        this.#keeps = false;
        folder.quota.keep(chargeFor(bytes));
        if (placed === "replaced" && before?.isFile) folder.quota.keep(-chargeFor(before.size));
      });
      await folder.sync(parent);
    });
  }

  /** Another session goes on with the file: this one lets go of it. */
  async giveWay(): Promise<void> {
    this.#lost = true;
    await this[Symbol.asyncDispose]();
  }

  /** Ends it for good: what came is worth nothing. */
  async discard(): Promise<void> {
    if (!this.#lost) this.#keeps = false;
    await this[Symbol.asyncDispose]();
  }

  /** Ends it. What came is kept for when its sender comes back, unless it is in its place. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#working.then(() => this.#end(), () => this.#end());
  }

  /** The permissions it gets: never more than to read and run for others, and no special ones. */
  get #mode(): number {
    return ((this.file.mode ?? 0o644) & 0o755) | 0o600;
  }

  #occupied(): InboxRefusal {
    return new InboxRefusal("exists", occupied(this.file.name, this.#options.overwrite));
  }

  /** Runs what touches the disk, one after the other, unless the file is somebody else's by now. */
  #work<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost || this.#ended !== undefined) {
      return Promise.reject(
        new InboxRefusal("taken-over", "Another session is sending this file."),
      );
    }
    const working = work();
    this.#working = working;
    return working;
  }

  /** Reserves room and looks for what came before. */
  async #prepare(): Promise<NextStep> {
    const { folder } = this.#options;
    const needed = chargeFor(this.file.bytes);
    // From here on the quota counts what is reserved, and no longer what lies there.
    folder.writing.add(this.#options.key);
    const partial = await lookAt(this.#partialPath);
    if (partial !== null) folder.quota.keep(-chargeFor(partial.size));
    try {
      await folder.reserve(needed);
    } catch (error) {
      // It stays as it was, for when there is room.
      if (partial !== null) folder.quota.keep(chargeFor(partial.size));
      throw error;
    }
    this.#reservedBytes = needed;
    const isFit = partial?.isFile && (partial.nlink ?? 1) === 1 && partial.size > 0 &&
      partial.size <= this.file.bytes;
    if (partial !== null && !isFit) await Deno.remove(this.#partialPath);
    if (isFit) {
      this.#partial = await this.#openPartial(false);
      this.#comparing = "partial";
      return { type: "check", bytes: partial.size };
    }
    this.#receiving = true;
    return { type: "ready", fromBytes: 0 };
  }

  /** A program that was killed when the file had its name already left the other one too. */
  async #removeLeftover(): Promise<void> {
    const { folder } = this.#options;
    const left = await lookAt(this.#partialPath);
    if (left === null) return;
    await Deno.remove(this.#partialPath);
    folder.quota.keep(-chargeFor(left.size));
  }

  async #openPartial(isNew: boolean): Promise<Deno.FsFile> {
    const how = isNew ? { createNew: true, mode: 0o600 } : {};
    return await Deno.open(this.#partialPath, { read: true, write: true, ...how });
  }

  /** The hash of the file that has the name already; null when it changed or is gone. */
  async #hashOfPlaced(signal: AbortSignal): Promise<string | null> {
    const { folder, names } = this.#options;
    const found = await folder.find(names);
    if (!found?.isFile) return null;
    using file = await Deno.open(folder.pathOf(names), { read: true });
    const { dev, ino, size } = await file.stat();
    // A link may have taken its place.
    if (dev !== found.dev || ino !== found.ino || size !== this.file.bytes) return null;
    return (await hashFile(file, size, signal))?.hex() ?? null;
  }

  async #end(): Promise<void> {
    const { folder, key, onEnd } = this.#options;
    try {
      this.#partial?.close();
      this.#partial = undefined;
      const kept = this.#reservedBytes > 0 ? await this.#settlePartial() : 0;
      folder.quota.release(this.#reservedBytes);
      folder.quota.keep(kept);
    } finally {
      folder.writing.delete(key);
      onEnd();
    }
  }

  /** Removes the partial file or leaves it.
   * @returns what it counts as, of the quota */
  async #settlePartial(): Promise<number> {
    const left = await lookAt(this.#partialPath).catch(() => null);
    if (left === null) return 0;
    if (this.#keeps && left.size > 0) return chargeFor(left.size);
    // Where it cannot be removed, the folder is gone or may not be written to any more.
    await Deno.remove(this.#partialPath).catch(() => {});
    return 0;
  }
}

/** A time that the disk cannot hold is no reason to refuse a file. */
function ignoreTime(): void {}
