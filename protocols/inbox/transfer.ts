// The transfer of one file into an inbox. Content is written to a partial file, whose name is
// derived from the offer, so that a sender that comes back goes on with it. The file gets its own
// name when all of it has come. Long, because a transfer is one state machine.

import { occupied, placeFile } from "../../core/files/place_file.ts";
import type { TransferSlot } from "../../core/files/transfer_slots.ts";
import { ContentHash, hashFile } from "./content_hash.ts";
import type { InboxFolder } from "./folder.ts";
import { chargeFor } from "./quota.ts";
import { InboxRefusal } from "./refusal.ts";
import type { OfferedFile } from "./wire.ts";

/** The file of a transfer, and where it goes. */
interface TransferOptions {
  readonly folder: InboxFolder;
  readonly file: OfferedFile;
  /** The plain names of its path. */
  readonly names: readonly string[];
  readonly overwrite: boolean;
  /** Different for other contents and other senders; names the partial file. */
  readonly key: string;
  /** Told of what comes, and freed when all of it has come or the transfer ends. */
  readonly slot: TransferSlot;
  /** Called once, when the transfer is over in any way. */
  readonly onEnd: () => void;
}

/** The sender's next step: prove the same bytes by a hash, send from a byte on, or nothing. */
export type NextStep =
  | { readonly type: "check"; readonly bytes: number }
  | { readonly type: "ready"; readonly fromBytes: number }
  | { readonly type: "done"; readonly sha256: string; readonly already: true };

/** The local bytes that are compared with those of the sender. */
type Comparing = "nothing" | "whole" | "partial";

export class Transfer implements AsyncDisposable {
  readonly file: OfferedFile;
  readonly #options: TransferOptions;
  readonly #partialPath: string;
  #partial: Deno.FsFile | undefined;
  #hash = new ContentHash();
  #gotBytes = 0;
  #comparing: Comparing = "nothing";
  #receiving = false;
  /** How much of the quota is reserved. */
  #reservedBytes = 0;
  /** Whether the partial file is kept when the transfer ends. */
  #keeps = true;
  /** Why the transfer has ended, when it had to give way. */
  #lost: InboxRefusal | undefined;
  #ended: Promise<void> | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: TransferOptions) {
    this.#options = options;
    this.file = options.file;
    this.#partialPath = options.folder.partialPath(options.key);
  }

  /** How much of the file is here, from this session and earlier ones. */
  get gotBytes(): number {
    return this.#gotBytes;
  }

  /** Looks for the file, or a part of it, in the inbox.
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

  /** Compares the bytes that are here with those of the sender.
   * @param sha256 the hash of the bytes that the sender was asked about
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
      this.#options.slot.progress(size);
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

  /** @throws {InboxRefusal} when it is more than was offered, or the disk fails */
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
      this.#options.slot.progress(content.length);
    });
  }

  /** Gives the file its name, once all of it is here and written through to the disk.
   * @param sha256 the hash that the sender gives
   * @throws {InboxRefusal} when the hash is another, or the name was taken meanwhile */
  finish(sha256: string): Promise<void> {
    this.#options.slot[Symbol.dispose]();
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
      // An empty file had no content that would have opened it.
      const partial = this.#partial ??= await this.#openPartial(true);
      await partial.utime(new Date(), new Date(this.file.modifiedMs)).catch(ignoreTime);
      // A file reported as stored outlives a power failure, and a full disk may fail only here.
      await partial.sync();
      partial.close();
      this.#partial = undefined;
      const parent = names.slice(0, -1);
      await folder.makeFolders(parent);
      // One at a time: two transfers that replace one file must not both count it as removed.
      await folder.alone(async () => {
        const before = await folder.find(names);
        const { linkless } = folder;
        const to = folder.pathOf(names);
        const placed = await placeFile({ from: this.#partialPath, to, overwrite, linkless });
        if (placed === "occupied") throw this.#occupied();
        this.#keeps = false;
        folder.quota.keep(chargeFor(bytes));
        if (placed === "replaced" && before?.isFile) folder.quota.keep(-chargeFor(before.size));
      });
      await folder.sync(parent);
    });
  }

  /** Ends the transfer, as when another session goes on with the file.
   * @param reason what its sender is told */
  async giveWay(reason: InboxRefusal): Promise<void> {
    this.#lost = reason;
    await this[Symbol.asyncDispose]();
  }

  /** Ends the transfer and removes what came. */
  async discard(): Promise<void> {
    if (this.#lost === undefined) this.#keeps = false;
    await this[Symbol.asyncDispose]();
  }

  /** Ends the transfer. What came is kept until its sender comes back, unless it is in its place. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#working.then(() => this.#end(), () => this.#end());
  }

  #occupied(): InboxRefusal {
    return new InboxRefusal("exists", occupied(this.file.name, this.#options.overwrite));
  }

  /** Runs work on the disk, unless another session has taken the file over. */
  #work<T>(work: () => Promise<T>): Promise<T> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (this.#ended !== undefined) return Promise.reject(takenOver());
    const working = work();
    this.#working = working;
    return working;
  }

  /** Reserves room, and looks for the partial file of an earlier session. */
  async #prepare(): Promise<NextStep> {
    const { folder } = this.#options;
    const needed = chargeFor(this.file.bytes);
    // From here on the quota counts what is reserved, and no longer what lies there.
    folder.writing.add(this.#options.key);
    const partial = await folder.lookAt(this.#partialPath);
    if (partial !== null) folder.quota.keep(-chargeFor(partial.size));
    try {
      await folder.reserve(needed);
    } catch (error) {
      // The partial file stays for when there is room.
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

  /** Removes the partial file left by a program that was killed just after naming the file. */
  async #removeLeftover(): Promise<void> {
    const { folder } = this.#options;
    const left = await folder.lookAt(this.#partialPath);
    if (left === null) return;
    await Deno.remove(this.#partialPath);
    folder.quota.keep(-chargeFor(left.size));
  }

  async #openPartial(isNew: boolean): Promise<Deno.FsFile> {
    const path = this.#partialPath;
    const file = await Deno.open(path, { read: true, write: true, createNew: isNew });
    try {
      if (await this.#options.folder.linkless.isAt(path, await file.stat())) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
    throw new InboxRefusal("disk", "Another program has changed the inbox.", true);
  }

  /** The hash of the file that has the name; null when it has changed or is gone. */
  async #hashOfPlaced(signal: AbortSignal): Promise<string | null> {
    const { folder, names } = this.#options;
    const found = await folder.find(names);
    if (!found?.isFile) return null;
    using file = await Deno.open(folder.pathOf(names), { read: true });
    const info = await file.stat();
    // A link may have taken its place.
    const isSame = info.size === this.file.bytes && info.ino === found.ino &&
      await folder.linkless.isAt(folder.pathOf(names), info);
    return isSame ? (await hashFile(file, info.size, signal))?.hex() ?? null : null;
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
      this.#options.slot[Symbol.dispose]();
      folder.writing.delete(key);
      onEnd();
    }
  }

  /** Removes the partial file or leaves it; returns how many bytes of the quota it takes. */
  async #settlePartial(): Promise<number> {
    const left = await this.#options.folder.lookAt(this.#partialPath).catch(() => null);
    if (left === null) return 0;
    if (this.#keeps && left.size > 0) return chargeFor(left.size);
    // When it cannot be removed, the folder is gone or cannot be written to any more.
    await Deno.remove(this.#partialPath).catch(() => {});
    return 0;
  }
}

/** Another session goes on with the file. */
export function takenOver(): InboxRefusal {
  return new InboxRefusal("taken-over", "Another session is sending this file.");
}

/** A time that the file system cannot hold is no reason to refuse a file. */
function ignoreTime(): void {}
