// Keys that a stamp could not tell apart.

import { Buffer } from "node:buffer";
import { UsageError } from "../../core/usage_error.ts";

/** Refuses keys of which two have the same id: most likely one is there twice.
 *
 * @param flag what named the keys
 * @throws {UsageError} */
export function refuseSameIds(flag: string, keys: readonly { readonly id: Uint8Array }[]): void {
  const ids = new Set<string>();
  for (const { id } of keys) {
    const hex = Buffer.from(id).toString("hex");
    if (ids.has(hex)) {
      throw new UsageError(`${flag}: the key with the fingerprint ${hex}... is there twice`);
    }
    ids.add(hex);
  }
}
