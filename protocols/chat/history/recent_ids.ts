// The ids of messages that are not kept any longer, so that none is said twice.

/** The last so many ids, with what is known of each. */
export class RecentIds<Known> {
  readonly #limit: number;
  readonly #known = new Map<string, Known>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What is known of an id; undefined when it is not remembered. */
  get(id: string): Known | undefined {
    return this.#known.get(id);
  }

  /** Remembers one, and forgets the oldest when that is one too many. */
  add(id: string, known: Known): void {
    this.#known.set(id, known);
    if (this.#known.size <= this.#limit) return;
    const { value } = this.#known.keys().next();
    if (value !== undefined) this.#known.delete(value);
  }
}
