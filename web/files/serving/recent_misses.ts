// Remembers for a moment the paths that lead to no file, with their answers, so that the disk is not
// asked for each request. As with files, a change shows within a second.

import type { ReadyAnswer } from "../../../core/http/ready_answer.ts";

const VALID_MS = 500;

const MAX_PATHS = 1024;

/** Longer paths are not remembered. */
const MAX_PATH_LENGTH = 512;

export class RecentMisses {
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly answer: ReadyAnswer; readonly foundMs: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  get(path: string): ReadyAnswer | undefined {
    const known = this.#known.get(path);
    if (known === undefined) return undefined;
    const age = this.#now() - known.foundMs;
    return age >= 0 && age < VALID_MS ? known.answer : undefined;
  }

  /** @param foundMs when the disk was asked */
  set(path: string, answer: ReadyAnswer, foundMs: number): void {
    if (path.length > MAX_PATH_LENGTH) return;
    this.#known.delete(path);
    if (this.#known.size >= MAX_PATHS) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(path, { answer, foundMs });
  }

  clear(): void {
    this.#known.clear();
  }
}
