// The keys of stamped datagrams, which hide the algorithm: a sealing key protects what is sent, and
// an opening key checks what arrives.

import { Buffer } from "node:buffer";
import { type Key, keyFingerprint } from "../../core/keys/key.ts";
import type { Identity } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Algorithm, type Direction, KEY_ID_BYTES } from "./stamp.ts";

/** Protects datagrams of one instance: the stamp stands in `into` already, which has room for the
 * payload and the tag and no more.
 * @param recipient the instance that a datagram to a dialler is for; empty the other way */
export type Sealer = (into: Uint8Array, payload: Uint8Array, recipient: Uint8Array) => void;

/** The payload of a datagram of one instance, or null when it is not authentic. Never throws. What it
 * returns may be a part of the datagram. */
export type Opener = (datagram: Uint8Array, recipient: Uint8Array) => Uint8Array | null;

/** A key that protects what we send. */
export interface SealingKey {
  readonly algorithm: Algorithm;
  readonly id: Uint8Array;
  /** How many bytes the key adds to the stamp and the payload. */
  readonly tagBytes: number;
  sealer(instance: Uint8Array, direction: Direction): Sealer;
}

/** A key that tells whether what arrives is authentic. */
export interface OpeningKey {
  readonly algorithm: Algorithm;
  readonly id: Uint8Array;
  readonly tagBytes: number;
  /** The identity of its holder. */
  readonly identity: Identity;
  /** The key that protects the answers of a listening socket to the holder. */
  readonly answer: SealingKey;
  opener(instance: Uint8Array, direction: Direction): Opener;
}

export function keyIdOf(key: Key): Uint8Array {
  return new Uint8Array(Buffer.from(keyFingerprint(key), "hex").subarray(0, KEY_ID_BYTES));
}

/** Refuses keys of which two have the same id: most likely one is there twice.
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
