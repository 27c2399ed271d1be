// What a key does for stamped datagrams, whichever the algorithm.

import type { Identity } from "../../core/session.ts";
import type { Algorithm, Direction } from "./stamp.ts";

/** Protects datagrams of one instance: the stamp stands in `into` already, which has room for the
 * payload and the tag and no more.
 *
 * @param recipient the instance that a datagram to a dialler is for; empty the other way */
export type Sealer = (into: Uint8Array, payload: Uint8Array, recipient: Uint8Array) => void;

/** The payload of a datagram of one instance, or null when it is not authentic. Never throws. What it
 * returns may be a part of the datagram. */
export type Opener = (datagram: Uint8Array, recipient: Uint8Array) => Uint8Array | null;

/** A key that protects what we send. */
export interface SealingKey {
  readonly algorithm: Algorithm;
  readonly id: Uint8Array;
  /** What it adds to the stamp and the payload. */
  readonly tagBytes: number;
  sealer(instance: Uint8Array, direction: Direction): Sealer;
}

/** A key that tells whether what arrives is authentic. */
export interface OpeningKey {
  readonly algorithm: Algorithm;
  readonly id: Uint8Array;
  readonly tagBytes: number;
  /** Who its holder is. */
  readonly identity: Identity;
  /** What answers to its holder are protected with, on a listening socket; absent where nothing is
   * answered. */
  readonly answer: SealingKey;
  opener(instance: Uint8Array, direction: Direction): Opener;
}
