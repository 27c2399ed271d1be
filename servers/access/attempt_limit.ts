// A limit on password guesses: after a wrong password, the next from the same address waits, twice
// as long each time. The limit is by address, so that guesses cannot lock a user out.

import { type Address, networkOf } from "../../core/addresses/address.ts";

/** Delay after the second wrong guess; it doubles with each. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** Wrong passwords before the first delay. */
const FREE_FAILURES = 1;
/** Failures are forgotten after this long without another. */
const FORGET_MS = 10 * 60_000;
/** Guesses of one address that may wait at a time; more are refused. */
const MAX_WAITING = 4;
/** Limit of remembered addresses; the one whose last failure is the oldest makes room. */
const MAX_ADDRESSES = 4096;

interface Record {
  failures: number;
  lastMs: number;
  waiting: number;
}

export class AttemptLimit {
  readonly #records = new Map<string, Record>();
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<void>;

  /** @param wait resolves after that many milliseconds, or sooner at a shutdown */
  constructor(now: () => number, wait: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#wait = wait;
  }

  /** Resolves to true when a guess may be checked, to false when too many wait already. */
  async admit(peer: Address): Promise<boolean> {
    const record = this.#recordOf(peer);
    const waitMs = record === undefined ? 0 : waitAfter(record.failures);
    if (record === undefined || waitMs === 0) return true;
    if (record.waiting >= MAX_WAITING) return false;
    record.waiting++;
    try {
      await this.#wait(waitMs);
    } finally {
      record.waiting--;
    }
    return true;
  }

  /** Time until the peer's next password is checked, in milliseconds. */
  waitMs(peer: Address): number {
    return waitAfter(this.#recordOf(peer)?.failures ?? 0);
  }

  failed(peer: Address): void {
    const key = networkAt(peer);
    const record = this.#recordOf(peer) ?? { failures: 0, lastMs: 0, waiting: 0 };
    record.failures++;
    record.lastMs = this.#now();
    // Deleted first, so that it moves to the end of the order of removal.
    this.#records.delete(key);
    this.#records.set(key, record);
    if (this.#records.size <= MAX_ADDRESSES) return;
    const [oldest] = this.#records.keys();
    this.#records.delete(oldest!);
  }

  #recordOf(peer: Address): Record | undefined {
    const key = networkAt(peer);
    const record = this.#records.get(key);
    if (record === undefined || this.#now() - record.lastMs < FORGET_MS) return record;
    this.#records.delete(key);
    return undefined;
  }
}

function waitAfter(failures: number): number {
  if (failures <= FREE_FAILURES) return 0;
  return Math.min(FIRST_WAIT_MS * 2 ** (failures - FREE_FAILURES - 1), LONGEST_WAIT_MS);
}

function networkAt(peer: Address): string {
  return "hostname" in peer ? networkOf(peer.hostname) : peer.transport;
}
