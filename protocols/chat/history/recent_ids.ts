// The ids of messages that are not kept any longer: a message that comes again under one of them is a
// duplicate.

/** A bounded map of the last ids, each with what is known of it. */
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

  /** Remembers an id, and forgets the oldest when there are too many. */
  add(id: string, known: Known): void {
    this.#known.set(id, known);
    if (this.#known.size <= this.#limit) return;
    const { value } = this.#known.keys().next();
    if (value !== undefined) this.#known.delete(value);
  }
}
