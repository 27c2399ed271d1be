// Cookies by which a client proves its address before the server keeps any state for it (RFC 6347
// 4.2.1). Both DTLS and reliable datagrams ask for one.

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Address, formatAddress } from "../../core/addresses/address.ts";

export const COOKIE_BYTES = 20;
const SECRET_BYTES = 32;

/** How often the secret changes. A cookie is good for one to two of these periods. */
const ROTATION_MS = 60_000;

/** The parts of a client's first message that concern its cookie. */
interface HelloParts {
  readonly cookie: Uint8Array;
  /** The message without the cookie: the bytes that the cookie is bound to. */
  readonly withoutCookie: Uint8Array;
}

/** Makes and checks cookies by a secret alone, so that nothing is kept for a client between the two.
 * The secret changes by itself. */
export class CookieSecret {
  readonly #elapsedMs: () => number;
  #current = randomBytes(SECRET_BYTES);
  #previous = randomBytes(SECRET_BYTES);
  #rotatedAtMs: number;

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
    this.#rotatedAtMs = elapsedMs();
  }

  make(address: Address, hello: Pick<HelloParts, "withoutCookie">): Uint8Array {
    this.#rotate();
    return cookie(this.#current, address, hello);
  }

  /** Whether a hello holds the cookie that this address was sent for it. */
  isGood(address: Address, hello: HelloParts): boolean {
    if (hello.cookie.length !== COOKIE_BYTES) return false;
    this.#rotate();
    return [this.#current, this.#previous].some((secret) =>
      timingSafeEqual(hello.cookie, cookie(secret, address, hello))
    );
  }

  #rotate(): void {
    const now = this.#elapsedMs();
    const passed = now - this.#rotatedAtMs;
    if (passed < ROTATION_MS) return;
    // After a long silence the current secret is too old to be the previous one.
    this.#previous = passed < 2 * ROTATION_MS ? this.#current : randomBytes(SECRET_BYTES);
    this.#current = randomBytes(SECRET_BYTES);
    this.#rotatedAtMs = now;
  }
}

function cookie(
  secret: Uint8Array,
  address: Address,
  { withoutCookie }: Pick<HelloParts, "withoutCookie">,
): Uint8Array {
  return createHmac("sha256", secret)
    // An address has no NUL in it, so no other address and hello give the same bytes.
    .update(`${formatAddress(address)}\0`)
    .update(withoutCookie)
    .digest()
    .subarray(0, COOKIE_BYTES);
}
