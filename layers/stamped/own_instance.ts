// Our own end as a sender of stamped datagrams: its random instance, its counter, and the sealing of
// its datagrams.

import { byteCutter } from "../../core/sessions/small_bytes.ts";
import type { Sealer, SealingKey } from "./protection.ts";
import { type Direction, INSTANCE_BYTES, STAMP_BYTES, writeStamp } from "./stamp.ts";

/** Datagrams after which a sender becomes a new instance. Far below the counter's end, and far below
 * what AES-GCM bears under one key (NIST SP 800-38D 8.3). */
const DATAGRAMS_PER_INSTANCE = 2 ** 40;

/** An array for a datagram, cut from a block: a typed array of more than 64 bytes takes V8 longer to
 * make than to fill, and at tens of thousands a second that is a tenth of the time. */
const datagramBytes = byteCutter(64 * 1024, 4096);

/** Makes datagrams. No two of them have the same key, instance and counter. */
export class OwnInstance {
  readonly #direction: Direction;
  readonly #datagramsPerInstance: number;
  #id = newInstance();
  #previous: Uint8Array | undefined;
  #counter = 0;
  readonly #sealers = new Map<SealingKey, Sealer>();

  constructor(direction: Direction, datagramsPerInstance = DATAGRAMS_PER_INSTANCE) {
    this.#direction = direction;
    this.#datagramsPerInstance = datagramsPerInstance;
  }

  get id(): Uint8Array {
    return this.#id;
  }

  /** The instance before the last counter ran out: answers to it may still be under way. */
  get previous(): Uint8Array | undefined {
    return this.#previous;
  }

  /** A whole datagram. */
  seal(key: SealingKey, payload: Uint8Array, recipient: Uint8Array, timeMs: number): Uint8Array {
    if (this.#counter >= this.#datagramsPerInstance) this.#renew();
    let sealer = this.#sealers.get(key);
    if (sealer === undefined) {
      sealer = key.sealer(this.#id, this.#direction);
      this.#sealers.set(key, sealer);
    }
    const datagram = datagramBytes(STAMP_BYTES + payload.length + key.tagBytes);
    writeStamp(datagram, {
      algorithm: key.algorithm,
      direction: this.#direction,
      keyId: key.id,
      instance: this.#id,
      counter: this.#counter++,
      timeMs,
    });
    sealer(datagram, payload, recipient);
    return datagram;
  }

  #renew(): void {
    this.#previous = this.#id;
    this.#id = newInstance();
    this.#counter = 0;
    this.#sealers.clear();
  }
}

function newInstance(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(INSTANCE_BYTES));
}
