// The list of clients that operators have banned from a chat.

import { networkOf } from "../../../core/addresses/address.ts";
import type { Identity } from "../../../core/session.ts";
import { lookalikeKey } from "./lookalikes.ts";

/** The marks of a client that wants to enter, by which a ban recognises it. */
interface Visitor {
  readonly identity: Identity | undefined;
  /** Its host, unless many clients share it, as they do loopback and a Unix socket. */
  readonly host: string | undefined;
}

/** The bans of one chat, in memory; the oldest are forgotten when there are too many. */
export class Bans {
  readonly #keys = new Set<string>();
  readonly #max: number;

  constructor(max = 10_000) {
    this.#max = max;
  }

  /** Bans a member by its identity where it has one, otherwise by name and host.
   * @returns the keys with which `addKeys` bans it on another node too */
  add(name: string, { identity, host }: Visitor): readonly string[] {
    const keys = identity === undefined
      ? [`name ${lookalikeKey(name)}`, ...(host === undefined ? [] : [hostKey(host)])]
      : [`identity ${identity.fingerprint}`];
    this.addKeys(keys);
    return keys;
  }

  /** Bans the client that these keys identify. */
  addKeys(keys: readonly string[]): void {
    for (const key of keys) this.#keys.delete(key);
    for (const key of keys) this.#keys.add(key);
    while (this.#keys.size > this.#max) this.#keys.delete(this.#keys.values().next().value!);
  }

  /** All keys, for other nodes. */
  get keys(): readonly string[] {
    return [...this.#keys];
  }

  /** @param name the name that the client asks for, where it does */
  has(name: string | undefined, { identity, host }: Visitor): boolean {
    if (this.#keys.size === 0) return false;
    if (identity !== undefined) return this.#keys.has(`identity ${identity.fingerprint}`);
    return (host !== undefined && this.#keys.has(hostKey(host))) ||
      (name !== undefined && this.#keys.has(`name ${lookalikeKey(name)}`));
  }
}

/** An IPv6 client can come back from any address of its /64. */
function hostKey(host: string): string {
  return `host ${networkOf(host)}`;
}
