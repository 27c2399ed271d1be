// Putting handshake messages together from fragments that may be lost, repeated, reordered and cut
// anew (RFC 6347 4.2.2 and 4.2.3), in a room that is bounded.

import { DtlsError } from "../wire/alert.ts";
import type { HandshakeMessage, MessageFragment } from "./message.ts";

/** The longest message: room for a chain of certificates. */
export const MAX_MESSAGE_BYTES = 32 * 1024;

/** How many messages after the expected one are kept: a flight has no more. */
const MAX_AHEAD = 8;

/** The most that is held for one peer, the expected message included. */
const MAX_HELD_BYTES = MAX_MESSAGE_BYTES + 16 * 1024;

/** A message that came, and the epoch of the records that brought it. */
export interface ReceivedMessage extends HandshakeMessage {
  readonly epoch: number;
}

interface Partial {
  readonly epoch: number;
  readonly type: number;
  readonly body: Uint8Array;
  readonly has: Uint8Array;
  missing: number;
}

/** The fate of a fragment: kept, of no use now, or part of a message that is complete already. */
type FragmentFate = "taken" | "dropped" | "past";

/** The incoming messages of one handshake, in their order. */
export class Reassembly {
  /** The number of the message that comes next. */
  next: number;
  readonly #partials = new Map<number, Partial>();
  #heldBytes = 0;

  constructor(next = 0) {
    this.next = next;
  }

  /** How many bytes are set aside for messages that are not whole. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes a fragment in, from a record of this epoch. One that contradicts those before it is
   * dropped: before the keys are there, it may be forged (RFC 6347 4.1.2.7).
   * @throws {DtlsError} when the expected message is longer than any that is needed */
  take({ type, sequence, length, offset, part }: MessageFragment, epoch: number): FragmentFate {
    if (sequence < this.next) return "past";
    if (sequence > this.next + MAX_AHEAD || offset + part.length > length) return "dropped";
    let partial = this.#partials.get(sequence);
    if (partial === undefined) {
      if (!this.#makeRoom(sequence, length)) return "dropped";
      partial = {
        epoch,
        type,
        body: new Uint8Array(length),
        has: new Uint8Array(length),
        missing: length,
      };
      this.#partials.set(sequence, partial);
      this.#heldBytes += length;
    }
    const fits = partial.type === type && partial.body.length === length && partial.epoch === epoch;
    if (!fits) return "dropped";
    for (let at = 0; at < part.length; at++) {
      if (partial.has[offset + at] === 1) continue;
      partial.has[offset + at] = 1;
      partial.body[offset + at] = part[at]!;
      partial.missing--;
    }
    return "taken";
  }

  /** The next message, once it is whole. */
  shift(): ReceivedMessage | undefined {
    const partial = this.#partials.get(this.next);
    if (partial === undefined || partial.missing > 0) return undefined;
    this.#drop(this.next, partial);
    const { epoch, type, body } = partial;
    return { epoch, type, body, sequence: this.next++ };
  }

  /** Lets go of what is not whole. */
  clear(): void {
    this.#partials.clear();
    this.#heldBytes = 0;
  }

  /** Whether a new message fits; the expected one may push others out, which will come again. */
  #makeRoom(sequence: number, length: number): boolean {
    const expected = sequence === this.next;
    if (length > MAX_MESSAGE_BYTES) {
      if (!expected) return false;
      throw new DtlsError(
        "illegal_parameter",
        `a handshake message of ${length} bytes is longer than ${MAX_MESSAGE_BYTES}`,
      );
    }
    if (this.#heldBytes + length <= MAX_HELD_BYTES) return true;
    if (!expected) return false;
    this.clear();
    return true;
  }

  #drop(sequence: number, partial: Partial): void {
    this.#partials.delete(sequence);
    this.#heldBytes -= partial.body.length;
  }
}
