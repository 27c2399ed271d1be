// Keepalive: a silent peer is sent a ping (RFC 6455 5.5.2), which also keeps proxies and NAT in
// between open, and has to answer in time. One timer for all sessions of a server.

import type { KeepaliveLimits } from "./options.ts";

/** A session that can be pinged. */
export interface KeptAlive {
  /** Set to true by any data from the peer. */
  heard: boolean;
  /** Whether it is the peer's turn: not while we do not read, or our writes are pending. */
  readonly awaitsPeer: boolean;
  ping(): void;
  /** Ends the session, because the peer did not answer. */
  lost(): void;
}

/** Checks of a session within the shorter of the two times, so a deadline takes effect after
 * between 1 and 1.25 times that time. */
const LOOKS = 4;

/** A longer delay overflows, and the timer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Pings silent members, and calls `lose` for each that does not answer in time. */
export class Keepalive<Member extends KeptAlive> implements Disposable {
  readonly #silentLooks = new Map<Member, number>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    { pingIntervalMs, pingTimeoutMs }: KeepaliveLimits,
    lose: (member: Member) => void = (member) => member.lost(),
  ) {
    if (!Number.isFinite(pingIntervalMs)) return;
    const lookMs = Math.max(1, Math.min(pingIntervalMs, pingTimeoutMs) / LOOKS);
    const pingAt = Math.ceil(pingIntervalMs / lookMs);
    const lostAt = pingAt + Math.ceil(pingTimeoutMs / lookMs);
    this.#timer = setInterval(() => {
      for (const [member, before] of this.#silentLooks) {
        const silent = member.heard || !member.awaitsPeer ? 0 : before + 1;
        member.heard = false;
        if (silent >= lostAt) {
          this.#silentLooks.delete(member);
          lose(member);
          continue;
        }
        if (silent === pingAt) member.ping();
        if (silent !== before) this.#silentLooks.set(member, silent);
      }
    }, Math.min(lookMs, LONGEST_TIMER_MS));
  }

  add(member: Member): void {
    if (this.#timer !== undefined) this.#silentLooks.set(member, 0);
  }

  delete(member: Member): void {
    this.#silentLooks.delete(member);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#silentLooks.clear();
  }
}
