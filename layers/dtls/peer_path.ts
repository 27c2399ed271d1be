// The address of a peer that may change it (RFC 9146 6): where it is, where it seems to be, and how much
// may be sent there before it has shown that it is (RFC 9853 5).

import { randomBytes, timingSafeEqual } from "node:crypto";
import { type Address, sameAddress } from "../../core/addresses/address.ts";

const COOKIE_BYTES = 8;

/** The least time between two questions to one peer. */
const ASK_AGAIN_MS = 1000;

/** RFC 9000 8: how many bytes may go to an address that may be forged, for each that came from it. */
const AMPLIFICATION = 3;

export class PeerPath {
  /** The address under which the peer is known. */
  address: Address;
  /** Where what is meant for it goes. */
  destination: Address;
  /** The last address that the peer is known to hear us at. */
  #proven: Address;
  #creditBytes = Infinity;
  #cookie: Uint8Array | undefined;
  #askedAtMs = -Infinity;

  /** @param address has been proved by the cookie of the handshake */
  constructor(address: Address) {
    this.address = this.destination = this.#proven = address;
  }

  /** Whether a datagram from this address tells nothing new. */
  isSettledAt(from: Address): boolean {
    return this.#creditBytes === Infinity && sameAddress(from, this.destination);
  }

  /** The newest of all authentic datagrams came from an address. What is sent goes there from now on, at
   * first no more than three times as much as came from there. */
  heard(from: Address, bytes: number): void {
    if (!sameAddress(from, this.destination)) {
      this.destination = from;
      this.#creditBytes = sameAddress(from, this.#proven) ? Infinity : 0;
      this.#cookie = undefined;
      this.#askedAtMs = -Infinity;
    }
    this.#creditBytes += AMPLIFICATION * bytes;
  }

  /** Whether so many bytes may be sent now; they count if so. */
  takes(bytes: number): boolean {
    if (bytes > this.#creditBytes) return false;
    this.#creditBytes -= bytes;
    return true;
  }

  /** The cookie that the peer is to send back from its new address; undefined when it was asked just
   * now, or need not be. */
  question(nowMs: number): Uint8Array | undefined {
    if (this.#creditBytes === Infinity || nowMs - this.#askedAtMs < ASK_AGAIN_MS) return undefined;
    this.#askedAtMs = nowMs;
    return this.#cookie = randomBytes(COOKIE_BYTES);
  }

  /** Takes a cookie that came back. Returns whether it proves the new address. */
  proves(from: Address, cookie: Uint8Array): boolean {
    const asked = this.#cookie;
    if (asked === undefined || !sameAddress(from, this.destination)) return false;
    if (cookie.length !== asked.length || !timingSafeEqual(cookie, asked)) return false;
    this.#cookie = undefined;
    this.#proven = this.destination;
    this.#creditBytes = Infinity;
    return true;
  }
}
