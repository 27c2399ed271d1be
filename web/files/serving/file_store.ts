// The files of a served folder, with a cache of their header fields and of the bytes of small ones.
// Cached files are compared with the disk often enough that a change shows within a second; between
// two comparisons a response needs no system call. Past 300 lines because finding, reading,
// compressing and keeping all work on the same entries.

import { ByteCache, type Weighed } from "./byte_cache.ts";
import { compress, CompressionLine } from "./compress.ts";
import { type ContentTypes, isCompressible } from "./content_type.ts";
import type { Coding } from "../../request/codings.ts";
import { contentTag, fileTag } from "./etag.ts";
import { FileHandles } from "./file_handles.ts";
import { isSameState, isUnchanged, readUpTo, stateOf } from "../access/file_state.ts";
import type { Located } from "../access/located.ts";
import { contentOf, contentWeight, type Representation, representation } from "./representation.ts";
import type { FileRoot } from "../access/root.ts";

/** Time for which a cached file is used without a comparison with the disk. */
const VALID_MS = 500;

/** A file that changed less than this time ago may change again without its time or size doing so,
 * on file systems with coarse clocks. It is then read again at each comparison. */
const SETTLED_MS = 2500;

/** Larger files are read from the disk for each response: Deno would copy them for each, and a slow
 * client would hold its copy. */
const SMALL_BYTES = 64 * 1024;

/** Compressing a smaller file saves no packet; a larger one blocks other requests too long. */
const COMPRESS_MIN_BYTES = 1024;
const COMPRESS_MAX_BYTES = 1024 * 1024;

interface FileStoreSettings {
  readonly precompressed: boolean;
  readonly compress: boolean;
  readonly fileCacheBytes: number;
  readonly contentTypes: ContentTypes;
  /** Header fields of every response with a file. */
  readonly fields: Readonly<Record<string, string>>;
  readonly now: () => number;
}

export interface ServedFile extends Weighed {
  /** The key in the cache: the path of the URL, as it was sent. */
  readonly key: string;
  /** Whether that path is the folder's, for which this file stands. */
  readonly isIndex: boolean;
  readonly identity: Representation;
  /** The forms in content codings that were made so far; null where coding makes it no smaller. */
  readonly coded: Map<Coding, Representation | null>;
  /** Whether it is worth compressing. */
  readonly compressible: boolean;
}

/** A file with what is needed to compare it with the disk. */
interface KeptFile extends ServedFile {
  weight: number;
  checkedMs: number;
  /** Whether its last change was long enough before it was read for its time to be relied on. */
  readonly settled: boolean;
  readonly neighbours: ReadonlyMap<Coding, Located>;
}

interface Compression extends Weighed {
  /** The tag of the file without a coding. */
  readonly etag: string;
  /** The file in the state in which it was compressed. */
  readonly file: Located;
  readonly form: Representation | null;
}

export class FileStore implements Disposable {
  /** The opened files of those that are too large for memory. */
  readonly handles: FileHandles;
  readonly #root: FileRoot;
  readonly #settings: FileStoreSettings;
  readonly #cache: ByteCache<KeptFile>;
  /** Keyed by the real path. A file has any number of URLs, since each letter may be
   * percent-encoded, and a client that requests them all must not have it compressed as often. */
  readonly #compressions: ByteCache<Compression>;
  readonly #line = new CompressionLine();

  constructor(root: FileRoot, settings: FileStoreSettings) {
    this.handles = new FileHandles(root);
    this.#root = root;
    this.#settings = settings;
    // Half each. Bytes that are in both are counted twice, so the sum stays below the limit.
    this.#cache = new ByteCache(settings.fileCacheBytes / 2);
    this.#compressions = new ByteCache(settings.fileCacheBytes / 2);
  }

  [Symbol.dispose](): void {
    this.handles[Symbol.dispose]();
  }

  /** A file that was compared with the disk a moment ago. */
  fresh(key: string): ServedFile | undefined {
    const file = this.#cache.get(key);
    if (file === undefined) return undefined;
    const now = this.#settings.now();
    const age = now - file.checkedMs;
    if (age >= 0 && age < VALID_MS) return file;
    // This request compares; others that arrive in the meantime do not.
    file.checkedMs = now;
    return undefined;
  }

  /** Loads a file that was located just now. Null when it is gone again.
   * @throws {Error} when it cannot be read */
  async load(
    key: string,
    path: string,
    file: Located,
    isIndex: boolean,
  ): Promise<ServedFile | null> {
    const neighbours = await this.#neighboursOf(path, file);
    const kept = this.#cache.get(key);
    if (kept !== undefined && kept.settled && isSame(kept, file, neighbours)) {
      kept.checkedMs = this.#settings.now();
      return kept;
    }
    const read = await this.#read(key, file, isIndex, neighbours);
    if (read === null) this.#cache.delete(key);
    else this.#cache.set(key, read);
    return read;
  }

  /** The tag that a file is served with.
   * @throws {Error} when it is gone or cannot be read */
  async entityTag(file: Located): Promise<string> {
    const form = await this.#form(file, { contentType: "", coding: null, varies: false });
    if (form === null) throw new Deno.errors.NotFound(`${file.path} is gone`);
    return form.etag;
  }

  /** Forgets a file that is not there any more. */
  forget(key: string): void {
    this.#cache.delete(key);
  }

  /** Forgets everything, as after an upload, so that its sender sees the new file. */
  clear(): void {
    this.#cache.clear();
  }

  /** Compresses a file. Null when that makes it no smaller, or too many wait for it already. */
  async coded(file: ServedFile, coding: Coding): Promise<Representation | null> {
    if (!file.compressible) return null;
    const { identity } = file;
    const form = this.#compressedBefore(identity, coding) ??
      await this.#line.takeTurn(() => this.#compress(identity, coding));
    // When the queue was full, nothing is remembered, and a later request may compress the file.
    if (form === null && this.#compressedBefore(identity, coding) === undefined) return null;
    file.coded.set(coding, form);
    this.#weigh(file);
    return form;
  }

  /** The form of a file that was opened, in the state that the file is in by now. */
  describeOpened(form: Representation, info: Deno.FileInfo): Representation {
    return this.#unread({ ...form.file, ...stateOf(info) }, form);
  }

  /** The outcome of compressing the file in this state before; undefined when there is none. */
  #compressedBefore(
    { file, etag }: Representation,
    coding: Coding,
  ): Representation | null | undefined {
    const known = this.#compressions.get(`${coding} ${file.path}`);
    // The tag of a large file may stand for two states (see fileTag).
    return known?.etag === etag && isSameState(known.file, file) ? known.form : undefined;
  }

  async #compress(identity: Representation, coding: Coding): Promise<Representation | null> {
    // Another request may have compressed it while this one waited.
    const before = this.#compressedBefore(identity, coding);
    if (before !== undefined) return before;
    const { file, etag, contentType } = identity;
    const bytes = await this.#whole(identity);
    if (bytes === null) return null;
    const content = await compress(coding, bytes);
    const form = content === null ? null : this.#represent({
      file,
      content,
      bytes: content.length,
      etag: await contentTag(content, coding),
      contentType,
      coding,
      varies: true,
    });
    const weight = contentWeight(content);
    this.#compressions.set(`${coding} ${file.path}`, { etag, file, form, weight });
    return form;
  }

  #weigh(file: ServedFile): void {
    const kept = this.#cache.get(file.key);
    if (kept !== file) return;
    kept.weight = weightOf(kept);
    this.#cache.weigh(file.key, kept);
  }

  /** The files beside it that hold it compressed. One that is older than the file is ignored,
   * because it was made of another state. */
  async #neighboursOf(path: string, file: Located): Promise<ReadonlyMap<Coding, Located>> {
    const neighbours = new Map<Coding, Located>();
    if (!this.#settings.precompressed) return neighbours;
    const [br, gzip] = await Promise.all([
      this.#root.locate(`${path}.br`),
      this.#root.locate(`${path}.gz`),
    ]);
    for (const [coding, found] of [["br", br], ["gzip", gzip]] as const) {
      if (found?.kind === "file" && found.modifiedMs >= file.modifiedMs) {
        neighbours.set(coding, found);
      }
    }
    return neighbours;
  }

  async #read(
    key: string,
    file: Located,
    isIndex: boolean,
    neighbours: ReadonlyMap<Coding, Located>,
  ): Promise<KeptFile | null> {
    const { contentTypes, now } = this.#settings;
    const checkedMs = now();
    const contentType = contentTypes(file.path);
    const compressible = this.#settings.compress && isCompressible(contentType) &&
      file.bytes >= COMPRESS_MIN_BYTES && file.bytes <= COMPRESS_MAX_BYTES;
    const varies = compressible || neighbours.size > 0;
    const identity = await this.#form(file, { contentType, coding: null, varies });
    if (identity === null) return null;
    const coded = new Map<Coding, Representation | null>();
    for (const [coding, neighbour] of neighbours) {
      const form = await this.#form(neighbour, { contentType, coding, varies });
      if (form !== null) coded.set(coding, form);
    }
    const newestMs = Math.max(
      ...[file, ...neighbours.values()].flatMap((f) => [f.modifiedMs, f.changedMs]),
    );
    const settled = checkedMs - newestMs > SETTLED_MS;
    const kept = { key, isIndex, identity, coded, compressible, checkedMs, settled, neighbours };
    return { ...kept, weight: weightOf(kept) };
  }

  /** One form of a file, with its bytes when it is small. */
  async #form(
    file: Located,
    how: { readonly contentType: string; readonly coding: Coding | null; readonly varies: boolean },
  ): Promise<Representation | null> {
    const opened = await this.#root.openFile(file);
    if (opened === null) return null;
    using handle = opened.file;
    const now = { ...file, ...stateOf(opened.info) };
    const content = now.bytes <= SMALL_BYTES ? await readUpTo(handle, SMALL_BYTES) : null;
    if (content === null) return this.#unread(now, how);
    return this.#represent({
      ...how,
      file: now,
      content: contentOf(content),
      bytes: content.length,
      etag: await contentTag(content, how.coding),
    });
  }

  /** The bytes of a file, from memory or from the disk; null when the file has changed. */
  async #whole({ content, file }: Representation): Promise<Uint8Array<ArrayBuffer> | null> {
    if (content !== null) return typeof content === "string" ? encoder.encode(content) : content;
    const opened = await this.#root.openFile(file);
    if (opened === null) return null;
    using handle = opened.file;
    if (!isUnchanged(file, opened.info)) return null;
    return await readUpTo(handle, COMPRESS_MAX_BYTES);
  }

  #unread(
    file: Located,
    { contentType, coding, varies }: Pick<Representation, "contentType" | "coding" | "varies">,
  ): Representation {
    const { bytes } = file;
    const etag = fileTag(file, coding);
    return this.#represent({ file, content: null, bytes, etag, contentType, coding, varies });
  }

  #represent(parts: {
    readonly file: Located;
    readonly content: Representation["content"];
    readonly bytes: number;
    readonly etag: string;
    readonly contentType: string;
    readonly coding: Coding | null;
    readonly varies: boolean;
  }): Representation {
    const { fields, now } = this.#settings;
    // A date in the future must not be sent (RFC 9110 8.8.2.1).
    const modifiedMs = Math.max(0, Math.min(parts.file.modifiedMs, now()));
    return representation({ ...parts, modifiedMs, fields });
  }
}

const encoder = new TextEncoder();

function isSame(
  kept: KeptFile,
  file: Located,
  neighbours: ReadonlyMap<Coding, Located>,
): boolean {
  if (!isSameState(kept.identity.file, file) || kept.neighbours.size !== neighbours.size) {
    return false;
  }
  for (const [coding, neighbour] of neighbours) {
    const before = kept.neighbours.get(coding);
    if (before === undefined || !isSameState(before, neighbour)) return false;
  }
  return true;
}

function weightOf({ identity, coded }: Pick<ServedFile, "identity" | "coded">): number {
  let weight = contentWeight(identity.content);
  for (const form of coded.values()) weight += contentWeight(form?.content ?? null);
  return weight;
}
