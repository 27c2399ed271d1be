// A cache that is bounded in bytes and drops what was not used for the longest time (LRU).

export interface Weighed {
  /** Its size in bytes. When it changes, `weigh` has to be called. */
  readonly weight: number;
}

/** The memory of an entry besides key and value: the map's record, response settings. */
const OVERHEAD_BYTES = 1024;

/** A map that drops the least recently used values when all of them weigh too much. */
export class ByteCache<V extends Weighed> {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, { readonly value: V; weight: number }>();
  #bytes = 0;
  /** The key used last, which need not be moved to the end. */
  #latest: string | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The weight of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Finds a value, which counts as using it. */
  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (key !== this.#latest) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      this.#latest = key;
    }
    return entry.value;
  }

  /** Keeps a value, unless it alone is too heavy. */
  set(key: string, value: V): void {
    this.delete(key);
    const weight = weightOf(key, value);
    if (weight > this.#maxBytes) return;
    this.#entries.set(key, { value, weight });
    this.#latest = key;
    this.#bytes += weight;
    this.#evict();
  }

  /** Weighs a value again that became heavier or lighter, if it is still here. */
  weigh(key: string, value: V): void {
    const entry = this.#entries.get(key);
    if (entry?.value !== value) return;
    const weight = weightOf(key, value);
    if (weight > this.#maxBytes) return this.delete(key);
    this.#bytes += weight - entry.weight;
    entry.weight = weight;
    this.#evict();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.weight;
    if (key === this.#latest) this.#latest = undefined;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#latest = undefined;
  }

  #evict(): void {
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(key);
    }
  }
}

function weightOf(key: string, value: Weighed): number {
  return OVERHEAD_BYTES + 2 * key.length + value.weight;
}
