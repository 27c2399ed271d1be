// Where the peer of an association is (RFC 9000 9). A datagram from another address may mean that the
// peer has moved, or only that somebody has copied it. So both addresses are asked to say a token
// back: the association moves when the peer answers from the new one and no longer from the old one.
// Nothing but that question goes to the new address before.

import { type Address, sameAddress } from "../../../core/addresses/address.ts";
import { CHALLENGE_BYTES } from "../wire/packet.ts";
import { type ConnectionId, newConnectionId, sameId } from "../wire/prefix.ts";

/** How often each address is asked before it counts as one where the peer is not. */
const QUESTIONS = 3;

/** The least wait for an answer: a pause of a busy machine is no sign that nobody is there. */
const MIN_WAIT_MS = 50;

/** How many bytes may go to an address for each that came from it (RFC 9000 8). */
const AMPLIFICATION = 3;

const MINUTE_MS = 60_000;

/** What a relocation asks of its association and socket. */
interface RelocationWork {
  /** How many attempts to move there may be in a minute, and at once. */
  readonly perMinute: number;
  /** Sends the question: to this address, or to where the peer is known to be. */
  challenge(token: ConnectionId, to?: Address): void;
  /** Whether there is room for the peer at this address. */
  admits(to: Address): boolean;
  /** The peer is there now. */
  moved(to: Address): void;
  /** A datagram came from another address, and whether the peer is there was not asked. */
  refused(): void;
}

/** An address where the peer may be. */
interface Candidate {
  readonly address: Address;
  /** What is to come back from there. */
  readonly token: ConnectionId;
  /** What must not come back from where the peer is known to be. */
  readonly knownToken: ConnectionId;
  receivedBytes: number;
  sentBytes: number;
  questions: number;
  hasAnswered: boolean;
  askAtMs: number;
}

/** Follows one peer. Times are in milliseconds. */
export class Relocation {
  readonly #work: RelocationWork;
  #candidate: Candidate | undefined;
  #attempts: number;
  #refilledAtMs: number;

  constructor(work: RelocationWork, nowMs: number) {
    this.#work = work;
    this.#attempts = work.perMinute;
    this.#refilledAtMs = nowMs;
  }

  /** When to call `tick`; Infinity when nothing is to be done. */
  get dueAtMs(): number {
    return this.#candidate?.askAtMs ?? Infinity;
  }

  /** A datagram that is newer than all before has come from where the peer is known to be. */
  stayed(): void {
    this.#candidate = undefined;
  }

  /** A datagram has come from another address.
   * @param isNewest whether it is newer than all before: an old one may be late, or copied
   * @param waitMs how long an answer takes at most */
  seen(from: Address, bytes: number, isNewest: boolean, nowMs: number, waitMs: number): void {
    const candidate = this.#candidate;
    if (candidate !== undefined) {
      if (sameAddress(candidate.address, from)) candidate.receivedBytes += bytes;
      return;
    }
    if (!isNewest) return;
    if (!this.#work.admits(from) || !this.#takeAttempt(nowMs)) return this.#work.refused();
    this.#candidate = {
      address: from,
      token: newConnectionId(),
      knownToken: newConnectionId(),
      receivedBytes: bytes,
      sentBytes: 0,
      questions: 0,
      hasAnswered: false,
      askAtMs: nowMs,
    };
    this.tick(nowMs, waitMs);
  }

  /** The peer has said a token back.
   * @param from where it came from, when that is not where the peer is known to be */
  answered(token: ConnectionId, from?: Address): void {
    const candidate = this.#candidate;
    if (candidate === undefined) return;
    if (sameId(token, candidate.knownToken)) {
      // What goes to the known address still reaches the peer, whoever brought us this answer.
      this.#candidate = undefined;
    } else if (
      sameId(token, candidate.token) && from !== undefined && sameAddress(from, candidate.address)
    ) {
      candidate.hasAnswered = true;
    }
  }

  /** Asks again, or decides. */
  tick(nowMs: number, waitMs: number): void {
    const candidate = this.#candidate;
    if (candidate === undefined || candidate.askAtMs > nowMs) return;
    const { address, token, knownToken, hasAnswered } = candidate;
    if (candidate.questions === QUESTIONS) {
      this.#candidate = undefined;
      if (hasAnswered) this.#work.moved(address);
      return;
    }
    candidate.questions++;
    candidate.askAtMs = nowMs + Math.max(MIN_WAIT_MS, waitMs);
    this.#work.challenge(knownToken);
    const limit = AMPLIFICATION * candidate.receivedBytes;
    if (hasAnswered || candidate.sentBytes + CHALLENGE_BYTES > limit) return;
    candidate.sentBytes += CHALLENGE_BYTES;
    this.#work.challenge(token, address);
  }

  #takeAttempt(nowMs: number): boolean {
    const { perMinute } = this.#work;
    const refill = (nowMs - this.#refilledAtMs) * perMinute / MINUTE_MS;
    this.#attempts = Math.min(perMinute, this.#attempts + refill);
    this.#refilledAtMs = nowMs;
    if (this.#attempts < 1) return false;
    this.#attempts--;
    return true;
  }
}
