// The bytes of a stream that are in memory, in pages: one is allocated when a byte falls into it, so
// that what is held follows from what arrived and not from how far apart it lies.

const PAGE_BYTES = 4096;

/** Pages that all streams hand on to each other, because allocating one takes longer than filling
 * it. */
const spare: Uint8Array[] = [];
const MAX_SPARE = 64;

/** Holds bytes by their offset in the stream. Its user limits how much and how far apart. */
export class StreamPages {
  readonly #pages = new Map<number, Uint8Array>();
  /** No page below it is held. */
  #firstPage = 0;

  /** The memory that the pages take. */
  get committedBytes(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  /** The memory that writing to this range would take beyond that. */
  costOf(start: number, end: number): number {
    let missing = 0;
    for (let page = pageOf(start); page * PAGE_BYTES < end; page++) {
      if (!this.#pages.has(page)) missing++;
    }
    return missing * PAGE_BYTES;
  }

  write(offset: number, source: Uint8Array): void {
    for (let at = 0; at < source.length;) {
      const page = pageOf(offset + at);
      const from = offset + at - page * PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - from, source.length - at);
      this.#page(page).set(source.subarray(at, at + count), from);
      at += count;
    }
  }

  /** Copies bytes that were written before. */
  read(offset: number, into: Uint8Array): void {
    for (let at = 0; at < into.length;) {
      const bytes = this.view(offset + at, into.length - at);
      into.set(bytes, at);
      at += bytes.length;
    }
  }

  /** A view of bytes that were written before: as many as lie in one page. */
  view(offset: number, length: number): Uint8Array {
    const page = pageOf(offset);
    const from = offset - page * PAGE_BYTES;
    return this.#pages.get(page)!.subarray(from, Math.min(PAGE_BYTES, from + length));
  }

  /** Gives back the pages below an offset; nothing below it is read or written any more. */
  dropBelow(offset: number): void {
    const end = pageOf(offset);
    while (this.#firstPage < end && this.#pages.size > 0) this.#drop(this.#firstPage++);
  }

  clear(): void {
    for (const page of this.#pages.keys()) this.#drop(page);
  }

  #page(page: number): Uint8Array {
    let bytes = this.#pages.get(page);
    if (bytes === undefined) {
      const { size } = this.#pages;
      this.#firstPage = size === 0 ? page : Math.min(this.#firstPage, page);
      bytes = spare.pop() ?? new Uint8Array(PAGE_BYTES);
      this.#pages.set(page, bytes);
    }
    return bytes;
  }

  #drop(page: number): void {
    const bytes = this.#pages.get(page);
    if (bytes === undefined) return;
    this.#pages.delete(page);
    if (spare.length < MAX_SPARE) spare.push(bytes);
  }
}

function pageOf(offset: number): number {
  return Math.floor(offset / PAGE_BYTES);
}
