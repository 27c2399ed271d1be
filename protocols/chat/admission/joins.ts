// How often clients of one host may enter. A client that leaves and comes back begins with a fresh
// allowance of messages, and the room is told each time; so entering has a limit of its own.

import { networkOf } from "../../../core/addresses/address.ts";
import { TokenBucket } from "./token_bucket.ts";

/** After a pause, as many clients may enter at once as the rate allows in this many seconds: when a
 * server is started again, all clients behind one address come back together. */
const BURST_S = 10;

const MAX_HOSTS = 10_000;

/** The rate at which each host enters; the hosts that were quiet for longest are forgotten when there
 * are too many. */
export class Joins {
  readonly #ratePerSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(ratePerSecond: number) {
    this.#ratePerSecond = ratePerSecond;
  }

  /** Whether one more client of a host may enter now, which counts as entered then. */
  take(host: string, nowMs: number): boolean {
    const key = networkOf(host);
    const bucket = this.#buckets.get(key) ??
      new TokenBucket(this.#ratePerSecond, this.#ratePerSecond * BURST_S, nowMs);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_HOSTS) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    return bucket.take(nowMs);
  }
}
