// Who may not come in any more.

import type { Identity } from "../../../core/session.ts";
import { lookalikeKey } from "./names.ts";

/** What is known of somebody at the door. */
export interface Visitor {
  readonly identity: Identity | undefined;
  /** Their host, where many do not share it: not loopback, not a Unix socket. */
  readonly host: string | undefined;
}

/** Those that operators banned, in memory; the oldest bans are forgotten when there are too many. */
export class Bans {
  readonly #keys = new Set<string>();
  readonly #max: number;

  constructor(max = 10_000) {
    this.#max = max;
  }

  /** Bans by identity where there is one, otherwise by name and host.
   * @returns what others have to `addKeys` to do the same */
  add(name: string, { identity, host }: Visitor): readonly string[] {
    const keys = identity === undefined
      ? [`name ${lookalikeKey(name)}`, ...(host === undefined ? [] : [`host ${host}`])]
      : [`identity ${identity.fingerprint}`];
    this.addKeys(keys);
    return keys;
  }

  /** Bans whom somebody else has banned. */
  addKeys(keys: readonly string[]): void {
    for (const key of keys) this.#keys.delete(key);
    for (const key of keys) this.#keys.add(key);
    while (this.#keys.size > this.#max) this.#keys.delete(this.#keys.values().next().value!);
  }

  /** @param name what they want to be called, where they say so */
  has(name: string | undefined, { identity, host }: Visitor): boolean {
    if (this.#keys.size === 0) return false;
    if (identity !== undefined) return this.#keys.has(`identity ${identity.fingerprint}`);
    return (host !== undefined && this.#keys.has(`host ${host}`)) ||
      (name !== undefined && this.#keys.has(`name ${lookalikeKey(name)}`));
  }
}
