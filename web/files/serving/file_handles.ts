// Opened files that stand by for the next request, because opening one costs several system calls.
// Deno reads a file only from where it stands, so each body has a handle of its own while it is
// sent. What nobody asks for again is closed after a moment: a file that was removed would keep its
// room on the disk.

import { isUnchanged } from "../access/file_state.ts";
import type { FileRoot } from "../access/root.ts";
import type { Representation } from "./representation.ts";

/** The most handles that stand by, of one file and of all. */
const MAX_IDLE_OF_ONE = 8;
const MAX_IDLE = 64;

/** Time after which a file that nobody asks for is closed. */
const IDLE_MS = 1000;

interface Idle {
  readonly handles: Deno.FsFile[];
  usedMs: number;
}

export class FileHandles implements Disposable {
  readonly #root: FileRoot;
  /** The files used longest ago come first. */
  readonly #idle = new Map<Representation, Idle>();
  #count = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  constructor(root: FileRoot) {
    this.#root = root;
  }

  /** A handle that stands by; undefined when there is none, null when the file has changed. */
  take(form: Representation): Deno.FsFile | null | undefined {
    const idle = this.#idle.get(form);
    if (idle === undefined) return undefined;
    const handle = idle.handles.pop()!;
    this.#count--;
    if (idle.handles.length === 0) this.#idle.delete(form);
    const info = handle.statSync();
    // What was removed, or replaced by another file, has no name any more.
    if (info.nlink !== 0 && isUnchanged(form.file, info)) return handle;
    handle.close();
    this.#close(form);
    return null;
  }

  /** Opens the file; null when it has changed.
   * @throws {Error} when it cannot be opened */
  async open(form: Representation): Promise<Deno.FsFile | null> {
    const opened = await this.#root.openFile(form.file);
    if (opened === null) return null;
    if (isUnchanged(form.file, opened.info)) return opened.file;
    opened.file.close();
    return null;
  }

  /** Takes a handle back, for the next request. */
  give(form: Representation, handle: Deno.FsFile): void {
    const idle = this.#idle.get(form) ?? { handles: [], usedMs: 0 };
    if (this.#disposed || idle.handles.length >= MAX_IDLE_OF_ONE) return handle.close();
    idle.handles.push(handle);
    idle.usedMs = performance.now();
    this.#count++;
    this.#idle.delete(form);
    this.#idle.set(form, idle);
    if (this.#count > MAX_IDLE) this.#close(this.#idle.keys().next().value!);
    this.#timer ??= setTimeout(() => this.#sweep(), IDLE_MS);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const form of [...this.#idle.keys()]) this.#close(form);
  }

  #sweep(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const [form, { usedMs }] of this.#idle) {
      if (nowMs - usedMs < IDLE_MS) break;
      this.#close(form);
    }
    if (this.#idle.size > 0) this.#timer = setTimeout(() => this.#sweep(), IDLE_MS);
  }

  #close(form: Representation): void {
    const handles = this.#idle.get(form)?.handles ?? [];
    this.#idle.delete(form);
    this.#count -= handles.length;
    for (const handle of handles) handle.close();
  }
}
