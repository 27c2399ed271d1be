// Session tickets: what a server would have to keep of a session to resume it, sealed under a key that
// it alone has, for the client to keep (RFC 5077).

import { createCipheriv, createDecipheriv, randomBytes, timingSafeEqual } from "node:crypto";
import { concat } from "@std/bytes/concat";
import type { Identity } from "../../../core/session.ts";
import type { Clock } from "../../../core/clock.ts";

/** How long a ticket is good for, and how long tickets are sealed under the same key. A key opens
 * tickets for one more period. Both keys live in memory alone, so a recorded session is safe from
 * whoever takes the machine two periods later. */
export const TICKET_LIFE_MS = 60 * 60_000;

/** A longer ticket might not leave a ClientHello, which must be one datagram, room enough. */
const MAX_STATE_BYTES = 640;

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NAME_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = NAME_BYTES + NONCE_BYTES;

/** A session that can be resumed. Its master secret is always an extended one (RFC 7627 5.3). */
interface TicketState {
  readonly suite: number;
  readonly master: Uint8Array;
  /** The name that the client asked for (RFC 6066 3: a session is of one name). */
  readonly serverName: string;
  /** The identity that the client proved. */
  readonly identity: Identity | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

interface TicketKey {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
}

/** Seals and opens the tickets of one server. */
export class TicketKeys {
  readonly #clock: Pick<Clock, "elapsedMs" | "now">;
  #current: TicketKey = newKey();
  #previous: TicketKey = newKey();
  #rotatedAtMs: number;

  constructor(clock: Pick<Clock, "elapsedMs" | "now">) {
    this.#clock = clock;
    this.#rotatedAtMs = clock.elapsedMs();
  }

  /** A ticket; empty, which says that there is none (RFC 5077 3.3), for what is too long. */
  seal({ master, ...rest }: TicketState): Uint8Array {
    this.#rotate();
    const plain = new TextEncoder().encode(JSON.stringify({ ...rest, master: master.toHex() }));
    if (plain.length > MAX_STATE_BYTES) return new Uint8Array(0);
    const { name, key } = this.#current;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    const sealed = concat([cipher.update(plain), cipher.final()]);
    return concat([name, nonce, sealed, cipher.getAuthTag()]);
  }

  /** The session of a ticket; null when it is none of ours, or has expired. */
  open(ticket: Uint8Array): TicketState | null {
    this.#rotate();
    const length = ticket.length - HEAD_BYTES - TAG_BYTES;
    if (length < 0 || length > MAX_STATE_BYTES) return null;
    const name = ticket.subarray(0, NAME_BYTES);
    const found = [this.#current, this.#previous].find((one) => timingSafeEqual(one.name, name));
    if (found === undefined) return null;
    const nonce = ticket.subarray(NAME_BYTES, HEAD_BYTES);
    const decipher = createDecipheriv(CIPHER, found.key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(ticket.subarray(HEAD_BYTES + length));
    const plain = decipher.update(ticket.subarray(HEAD_BYTES, HEAD_BYTES + length));
    try {
      decipher.final();
    } catch {
      return null;
    }
    // Authentic, so of the form that we gave it.
    const { master, ...rest } = JSON.parse(new TextDecoder().decode(plain));
    const state: TicketState = { ...rest, master: Uint8Array.fromHex(master) };
    return this.#clock.now() < state.expiresAt ? state : null;
  }

  #rotate(): void {
    const periods = Math.floor((this.#clock.elapsedMs() - this.#rotatedAtMs) / TICKET_LIFE_MS);
    if (periods === 0) return;
    this.#previous = periods === 1 ? this.#current : newKey();
    this.#current = newKey();
    this.#rotatedAtMs += periods * TICKET_LIFE_MS;
  }
}

function newKey(): TicketKey {
  return { name: randomBytes(NAME_BYTES), key: randomBytes(KEY_BYTES) };
}
